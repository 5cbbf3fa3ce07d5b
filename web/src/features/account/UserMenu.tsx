import { Menu, UnstyledButton } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { sessionQuery, signOut } from "../../api/session";

/** The signed-in user; nothing in a single-user installation, where there is no one else to be. */
export function UserMenu() {
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => {
      client.clear();
      window.location.assign("/");
    },
  });
  if (session?.mode !== "accounts" || !session.user) return null;
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton className="user-button" aria-label="Your account" data-testid="user-menu">
          {session.user.display_name}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session.user.username}</Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={14} />}
          onClick={() => leave.mutate()}
          data-testid="sign-out"
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
