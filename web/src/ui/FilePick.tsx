/** A button's file chooser. Choosing the same file again works, as the input is emptied after each choice. */
import { type ReactNode, useRef } from "react";

interface Props {
  label: string;
  testId: string;
  accept?: string;
  multiple?: boolean;
  folder?: boolean;
  onFiles(files: FileList): void;
  children(open: () => void): ReactNode;
}

export function FilePick({ label, testId, accept, multiple, folder, onFiles, children }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        data-testid={testId}
        multiple={multiple ?? false}
        {...(accept ? { accept } : {})}
        {...(folder ? { webkitdirectory: "" } : {})}
        onChange={(event) => {
          const { files } = event.currentTarget;
          if (files && files.length > 0) onFiles(files);
          event.currentTarget.value = "";
        }}
      />
      {children(() => input.current?.click())}
    </>
  );
}
