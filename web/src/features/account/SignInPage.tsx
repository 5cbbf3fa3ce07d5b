import { Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { messageFrom } from "../../api/http";
import { sessionQuery, signIn } from "../../api/session";

export function SignInPage() {
  const client = useQueryClient();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    mutationFn: () => signIn(username, password),
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <Stack h="100%" align="center" justify="center">
      <Paper component="form" onSubmit={submit} withBorder p="xl" w={340} radius="md" data-testid="sign-in">
        <Stack gap="sm">
          <img src="/favicon.svg" alt="" width={36} height={36} />
          <Title order={1}>Sign in to Cytoloop</Title>
          <TextInput
            label="User name"
            size="sm"
            autoComplete="username"
            required
            value={username}
            onChange={(e) => setUsername(e.currentTarget.value)}
            data-testid="sign-in-username"
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(e) => setPassword(e.currentTarget.value)}
            data-testid="sign-in-password"
          />
          {login.isError ? (
            <Text size="xs" c="red" role="alert">
              {messageFrom(login.error)}
            </Text>
          ) : null}
          <Button type="submit" size="sm" loading={login.isPending} data-testid="sign-in-submit">
            Sign in
          </Button>
        </Stack>
      </Paper>
    </Stack>
  );
}
