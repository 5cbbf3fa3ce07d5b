/** Small parts without knowledge of the server. */
import { ActionIcon, type ActionIconProps, Button, Group, Modal, Text, Tooltip } from "@mantine/core";
import type { ComponentPropsWithoutRef, MouseEvent, ReactNode } from "react";

interface IconButtonProps extends ActionIconProps {
  label: string;
  shortcut?: string;
  onClick?: (event: MouseEvent<HTMLButtonElement>) => void;
  pressed?: boolean;
  testId?: string;
  side?: "right" | "bottom" | "top" | "left";
  children: ReactNode;
}

/** An icon that says what it does to the eye (a tooltip) and to a screen reader. */
export function IconButton({ label, shortcut, pressed, testId, side, children, ...rest }: IconButtonProps) {
  return (
    <Tooltip
      label={shortcut ? `${label} (${shortcut})` : label}
      position={side ?? "bottom"}
      events={{ hover: true, focus: false, touch: false }}
    >
      <ActionIcon
        aria-label={label}
        {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
        {...(testId ? { "data-testid": testId } : {})}
        {...rest}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

interface EmptyProps extends Omit<ComponentPropsWithoutRef<"div">, "title"> {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
}

/** What to do where there is nothing yet. */
export function Empty({ icon, title, children, ...rest }: EmptyProps) {
  return (
    <div className="empty" {...rest}>
      {icon}
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function PanelEmpty({ children, testId }: { children: ReactNode; testId?: string }) {
  return (
    <Text size="xs" c="var(--text-dim)" p="md" ta="center" {...(testId ? { "data-testid": testId } : {})}>
      {children}
    </Text>
  );
}

interface ConfirmProps {
  opened: boolean;
  title: string;
  action: string;
  children: ReactNode;
  isBusy?: boolean;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ opened, title, action, children, isBusy, onConfirm, onClose }: ConfirmProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} size="sm">
      <Text size="sm">{children}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button color="red" onClick={onConfirm} loading={isBusy ?? false} data-testid="confirm">
          {action}
        </Button>
      </Group>
    </Modal>
  );
}

/** Shortened before its last characters: runs of one method differ by the number at the end. */
export function LongName({ text }: { text: string }) {
  const cut = Math.max(0, text.length - 5);
  return (
    <span className="long-name">
      <span className="ellipsis">{text.slice(0, cut)}</span>
      <span>{text.slice(cut)}</span>
    </span>
  );
}

export const Chip = ({ color }: { color: string }) => <span className="chip" style={{ background: color }} />;
