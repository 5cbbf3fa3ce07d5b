/** The files in what was dropped: folders are walked. */

export interface FoundFile {
  readonly file: File;
  /** "folder/part/name.tif" where it came from a folder. */
  readonly path: string;
}

const IGNORED = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

export const isWanted = (name: string): boolean => !IGNORED.has(name) && !name.startsWith("._");

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** A browser gives the entries of a folder in portions, until an empty one. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (portion.length === 0) return all;
    all.push(...portion);
  }
}

async function walk(entry: FileSystemEntry, path: string, out: FoundFile[]): Promise<void> {
  if (!isWanted(entry.name)) return;
  const here = path ? `${path}/${entry.name}` : entry.name;
  if (entry.isFile) out.push({ file: await fileOf(entry as FileSystemFileEntry), path: here });
  else for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) await walk(child, here, out);
}

export async function filesIn(transfer: DataTransfer): Promise<FoundFile[]> {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const loose = [...transfer.files];
  const out: FoundFile[] = [];
  if (entries.every((entry) => entry === null)) return loose.map((file) => ({ file, path: file.name }));
  for (const entry of entries) if (entry) await walk(entry, "", out);
  return out;
}

export const filesOf = (list: FileList): FoundFile[] =>
  [...list]
    .filter((file) => isWanted(file.name))
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }));
