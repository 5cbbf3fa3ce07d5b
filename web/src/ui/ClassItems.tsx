/** Entries of a menu that give a class, or none. */
import { Menu } from "@mantine/core";
import { Chip } from "./parts";

interface Props {
  classes: readonly { id: number; name: string; color: string }[];
  /** The colour of objects without a class. */
  plain: string;
  testId: string;
  onChoose(id: number | null): void;
}

export function ClassItems({ classes, plain, testId, onChoose }: Props) {
  return [{ id: null, name: "No class", color: plain }, ...classes].map(({ id, name, color }) => (
    <Menu.Item
      key={id ?? 0}
      leftSection={<Chip color={color} />}
      onClick={() => onChoose(id)}
      data-testid={testId}
    >
      {name}
    </Menu.Item>
  ));
}
