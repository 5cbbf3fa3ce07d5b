/** Notices as toasts. */
import { Anchor, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { Notice } from "../state/notices";

const COLORS = { error: "red", info: "cyto", success: "cyto" } as const;

export function showNotice({ kind, title, message, action }: Notice): void {
  const id = `${kind}-${title ?? ""}-${message}`;
  const hide = () => notifications.hide(id);
  notifications.hide(id);
  notifications.show({
    id,
    color: COLORS[kind],
    title: title ?? (kind === "error" ? "That did not work" : undefined),
    autoClose: kind === "error" ? 9000 : action ? 12_000 : 4000,
    withBorder: true,
    "data-testid": `toast-${kind}`,
    closeButtonProps: { "aria-label": "Close this message" },
    message: (
      <Text size="xs" component="div" c="var(--text-dim)">
        {message}{" "}
        {action ? (
          <Anchor
            component="button"
            size="xs"
            fw={600}
            data-testid="toast-action"
            onClick={() => {
              hide();
              action.run();
            }}
          >
            {action.label}
          </Anchor>
        ) : null}
      </Text>
    ),
  });
}
