/** All commands by name (Ctrl+K), and all classes by name (/). */
import { useQuery } from "@tanstack/react-query";
import { ontologyQuery } from "../../api/projects";
import { keysOf } from "../../keys/keymap";
import { type CommandWorld, chooseTerm, runCommand } from "../../state/commands";
import { useKeySettings } from "../../state/keys";
import { Chip } from "../../ui/parts";
import { UNCLASSIFIED } from "../../viewer/styles";
import { SearchDialog } from "./SearchDialog";

/** These make sense only as keys. */
const KEYS_ONLY = new Set(["view.pan", "class", "channel", "app.palette", "shape.back"]);

interface Props {
  opened: boolean;
  onClose(): void;
}

export function CommandPalette({ opened, onClose, world }: Props & { world: CommandWorld }) {
  const keymap = useKeySettings((s) => s.keymap);
  const items = keymap
    .filter(({ action, when }) => !when && !KEYS_ONLY.has(action))
    .map(({ action, label }) => ({ id: action, label, note: keysOf(action, keymap) }));
  return (
    <SearchDialog
      opened={opened}
      title="Commands"
      placeholder="What do you want to do?"
      items={items}
      testId="palette"
      onClose={onClose}
      onChoose={({ id }) => runCommand({ action: id, key: "" }, world)}
    />
  );
}

export function ClassSearch({ opened, onClose, projectId }: Props & { projectId: string }) {
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const none = { id: "0", label: "Unclassified", termId: null, mark: <Chip color={UNCLASSIFIED} /> };
  const terms = (ontology?.terms ?? []).map((term) => ({
    id: String(term.id),
    termId: term.id,
    label: term.name,
    mark: <Chip color={term.color} />,
    ...(term.hotkey ? { note: term.hotkey.toUpperCase() } : {}),
  }));
  return (
    <SearchDialog
      opened={opened}
      title="Classes"
      placeholder="Type a few letters of the class"
      items={[...terms, none]}
      testId="class-search"
      onClose={onClose}
      onChoose={({ termId }) => chooseTerm(termId)}
    />
  );
}
