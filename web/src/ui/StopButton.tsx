/** Ends a training, and keeps what it learnt. */
import { Button } from "@mantine/core";
import { IconPlayerStop } from "@tabler/icons-react";

interface Props {
  children: string;
  /** It was asked to end, and does. */
  isStopping: boolean;
  isDisabled: boolean;
  onStop(): void;
}

export function StopButton({ children, isStopping, isDisabled, onStop }: Props) {
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerStop size={14} aria-hidden />}
      disabled={isDisabled || isStopping}
      onClick={onStop}
      data-testid="stop-and-keep"
    >
      {isStopping ? "Stopping…" : children}
    </Button>
  );
}
