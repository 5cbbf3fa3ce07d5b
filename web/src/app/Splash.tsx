import { Button, Loader, Stack, Text } from "@mantine/core";

/** Before anything is known; with a message where the server does not answer. */
export function Splash({ message, onRetry }: { message?: string; onRetry?: () => void }) {
  return (
    <Stack h="100%" align="center" justify="center" gap="sm">
      <img src="/favicon.svg" alt="" width={44} height={44} />
      {message ? <Text size="sm">{message}</Text> : <Loader size="sm" />}
      {onRetry ? <Button onClick={onRetry}>Try again</Button> : null}
    </Stack>
  );
}
