/** Downloads a table. */
import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { download } from "../../api/download";

export function CsvButton({ address, testId }: { address: string; testId: string }) {
  const save = useMutation({ mutationFn: () => download(address) });
  return (
    <Button
      variant="default"
      px={8}
      leftSection={<IconDownload size={12} />}
      loading={save.isPending}
      onClick={() => save.mutate()}
      data-testid={testId}
    >
      CSV
    </Button>
  );
}
