/** Takes files that are dropped anywhere on the page. */
import { Text } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { type FoundFile, filesIn } from "./dropped";

interface Props {
  onFiles(files: FoundFile[]): void;
  children: ReactNode;
}

export function DropZone({ onFiles, children }: Props) {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const over = (event: DragEvent) => hasFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setOver(false);
      void filesIn(event.dataTransfer).then(onFiles);
    };
    const pairs = [
      ["dragenter", enter],
      ["dragleave", leave],
      ["dragover", over],
      ["drop", drop],
    ] as const;
    for (const [name, listener] of pairs) window.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of pairs) window.removeEventListener(name, listener);
    };
  }, [onFiles]);
  return (
    <div data-testid="drop-zone">
      {children}
      {isOver ? (
        <div className="drop-veil">
          <Text fw={600} size="lg">
            Drop images, folders or zip files to add them to this project
          </Text>
        </div>
      ) : null}
    </div>
  );
}
