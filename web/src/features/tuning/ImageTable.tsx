/** The images with outlines, and what each is for. */
import { SegmentedControl, Table } from "@mantine/core";
import type { CorrectedImage } from "../../api/types";
import { number } from "../../ui/format";
import type { ImageRole } from "./roles";

const ROLES = [
  { value: "learn", label: "Learn" },
  { value: "compare", label: "Compare" },
  { value: "leave", label: "Leave out" },
];

interface Props {
  images: readonly CorrectedImage[];
  roles: ReadonlyMap<string, ImageRole>;
  onChange(roles: ReadonlyMap<string, ImageRole>): void;
}

export function ImageTable({ images, roles, onChange }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolled region must be reached by the keyboard
    <section className="tuning-images" aria-label="Images with outlines" tabIndex={0}>
      <Table data-testid="tuning-images">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Image</Table.Th>
            <Table.Th>Accepted</Table.Th>
            <Table.Th>Not looked at</Table.Th>
            <Table.Th>Rejected</Table.Th>
            <Table.Th>Use it to</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {images.map((one) => (
            <Table.Tr key={one.image_id} data-testid="tuning-image" data-name={one.name}>
              <Table.Td>{one.name}</Table.Td>
              <Table.Td className="numbers">{number(one.accepted)}</Table.Td>
              <Table.Td className="numbers">{number(one.open)}</Table.Td>
              <Table.Td className="numbers">{number(one.rejected)}</Table.Td>
              <Table.Td>
                <SegmentedControl
                  size="xs"
                  data={ROLES}
                  value={roles.get(one.image_id) ?? "leave"}
                  disabled={one.accepted === 0}
                  onChange={(value) => onChange(new Map(roles).set(one.image_id, value as ImageRole))}
                  aria-label={`What ${one.name} is used for`}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
