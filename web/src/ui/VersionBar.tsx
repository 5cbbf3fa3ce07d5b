/** The versions of something that is trained: which one is shown, export, import, removal. */
import { FileButton, Group, Select, Text } from "@mantine/core";
import { IconDownload, IconTrash, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { Confirm, IconButton } from "./parts";

export interface VersionActions {
  onSave(version: number): Promise<unknown>;
  onTake(file: File): Promise<unknown>;
  /** Whether it was removed. */
  onRemove(version: number): Promise<boolean>;
}

interface Props extends VersionActions {
  /** Of the tests: NAME-version, NAME-export, NAME-import and NAME-remove. */
  name: string;
  /** What each is, as in "landmark detector". */
  noun: string;
  /** What stays when one is removed. */
  kept: string;
  versions: readonly { version: number; label: string }[];
  shown: number | undefined;
  mayManage: boolean;
  onShow(version: number | null): void;
}

export function VersionBar(props: Props) {
  const { name, noun, versions, shown, mayManage } = props;
  const plural = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}s`;
  return (
    <Group gap={4} wrap="nowrap" align="flex-end">
      {shown === undefined ? (
        <Text size="xs" c="var(--text-dim)" flex={1}>
          {`No ${noun} yet. Train one, or import one from another project.`}
        </Text>
      ) : (
        <>
          <Select
            label={plural}
            flex={1}
            data={versions.map(({ version, label }) => ({ value: String(version), label }))}
            allowDeselect={false}
            value={String(shown)}
            onChange={(value) => props.onShow(value === null ? null : Number(value))}
            data-testid={`${name}-version`}
          />
          <IconButton
            label="Export as bioimage.io package"
            testId={`${name}-export`}
            onClick={() => void props.onSave(shown)}
          >
            <IconDownload size={16} aria-hidden />
          </IconButton>
        </>
      )}
      {mayManage ? (
        <FileButton accept=".zip" onChange={(file) => file && void props.onTake(file)}>
          {(button) => (
            <IconButton label={`Import a ${noun}`} testId={`${name}-import`} {...button}>
              <IconUpload size={16} aria-hidden />
            </IconButton>
          )}
        </FileButton>
      ) : null}
      {mayManage && shown !== undefined ? <Removal {...props} shown={shown} /> : null}
    </Group>
  );
}

function Removal({ name, noun, kept, shown, onRemove }: Props & { shown: number }) {
  const [asks, setAsks] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const remove = async () => {
    setIsBusy(true);
    const isGone = await onRemove(shown);
    setIsBusy(false);
    if (isGone) setAsks(false);
  };
  return (
    <>
      <IconButton label="Remove this version" testId={`${name}-remove`} onClick={() => setAsks(true)}>
        <IconTrash size={16} aria-hidden />
      </IconButton>
      <Confirm
        opened={asks}
        title={`Remove the ${noun}`}
        action="Remove"
        isBusy={isBusy}
        onConfirm={() => void remove()}
        onClose={() => setAsks(false)}
      >
        {`Remove ${noun} ${shown}? ${kept} This cannot be undone.`}
      </Confirm>
    </>
  );
}
