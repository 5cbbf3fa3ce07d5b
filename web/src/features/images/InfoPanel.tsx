/** What is known about the image. */
import { Anchor, Stack, Table, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { associatedUrl, originalUrl } from "../../api/images";
import type { Image } from "../../api/types";
import { bytes, number } from "../../ui/format";

function facts(image: Image): [string, string][] {
  const um = (value: number | null | undefined) => (value ? `${number(value)} µm` : "unknown");
  const isSquare = image.pixel_width_um === image.pixel_height_um;
  const rows: [string, string | null][] = [
    ["Size", `${number(image.width)} × ${number(image.height)} px`],
    ["Planes", image.size_z > 1 || image.size_t > 1 ? `${image.size_z} z, ${image.size_t} t` : null],
    ["Channels", image.rgb ? "RGB" : String(image.size_c)],
    ["Pixel type", image.dtype ?? null],
    [
      "Pixel size",
      isSquare ? um(image.pixel_width_um) : `${um(image.pixel_width_um)} × ${um(image.pixel_height_um)}`,
    ],
    ["Distance of planes", image.z_spacing_um ? um(image.z_spacing_um) : null],
    ["Frame interval", image.frame_interval_s ? `${number(image.frame_interval_s)} s` : null],
    ["Magnification", image.magnification ? `${number(image.magnification)}×` : null],
    ["Vendor", image.vendor ?? null],
    ["Format", image.format ?? null],
    ["Levels", String(image.levels.length)],
    ["File size", bytes(image.size_bytes)],
    ["SHA-256", image.sha256 ?? null],
  ];
  return rows.flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]]));
}

export function InfoPanel({ image }: { image: Image }) {
  const metadata = Object.entries(image.metadata);
  return (
    <Stack gap="sm" className="panel" data-testid="info-panel">
      <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
        {image.name}
      </Text>
      <Facts rows={facts(image)} />
      <Anchor href={originalUrl(image.id)} size="xs" download>
        <IconDownload size={13} style={{ verticalAlign: "-2px" }} /> Download the original file
      </Anchor>
      {image.associated.map((name) => (
        <figure key={name} style={{ margin: 0 }}>
          <Text size="xs" fw={600} component="figcaption" tt="capitalize" mb={4}>
            {name}
          </Text>
          <img
            src={associatedUrl(image.id, name)}
            alt={`${name} of ${image.name}`}
            loading="lazy"
            style={{ maxWidth: "100%", maxHeight: 260, borderRadius: 4, border: "1px solid var(--line)" }}
          />
        </figure>
      ))}
      {metadata.length > 0 ? (
        <>
          <Text size="xs" fw={600} tt="uppercase" c="var(--text-dim)">
            Metadata
          </Text>
          <Facts rows={metadata} />
        </>
      ) : null}
    </Stack>
  );
}

function Facts({ rows }: { rows: readonly (readonly [string, string])[] }) {
  return (
    <Table verticalSpacing={3} horizontalSpacing={6} fz="xs" layout="fixed">
      <Table.Tbody>
        {rows.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Td w="40%" c="var(--text-dim)" style={{ overflowWrap: "anywhere", verticalAlign: "top" }}>
              {name}
            </Table.Td>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
