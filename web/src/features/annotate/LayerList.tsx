/** The annotation layers of the image. */
import { ActionIcon, Group, Loader, Menu, Slider, Text, TextInput } from "@mantine/core";
import {
  IconDots,
  IconDownload,
  IconEye,
  IconEyeOff,
  IconFileImport,
  IconMapPin,
  IconPencil,
  IconRobot,
  IconScribble,
  IconTrash,
  IconUpload,
  IconUser,
} from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { download } from "../../api/download";
import { importAnnotations } from "../../api/images";
import {
  deleteLayer,
  EXPORT_FORMATS,
  type ExportFormat,
  exportUrl,
  layerKeys,
  layersQuery,
  renameLayer,
} from "../../api/layers";
import type { Layer } from "../../api/types";
import { tell } from "../../state/notices";
import { SHOWN, setLayerDisplay, setWorkspace, useWorkspace } from "../../state/workspace";
import { FilePick } from "../../ui/FilePick";
import { plural } from "../../ui/format";
import { Confirm, IconButton, LongName, PanelEmpty } from "../../ui/parts";

const FORMAT_NAMES = {
  geojson: "GeoJSON (QuPath)",
  coco: "COCO",
  labels: "Label image",
  imagej: "ImageJ ROIs",
  csv: "CSV with WKT",
} as const;

export function LayerList({ imageId }: { imageId: string }) {
  const layers = useQuery(layersQuery(imageId));
  return (
    <section aria-label="Layers" data-testid="layers">
      <div className="section-title">
        Layers
        <ImportButton imageId={imageId} />
      </div>
      {layers.data?.length === 0 ? (
        <PanelEmpty testId="layers-empty">
          No objects yet. Take a tool and draw, run a segmentation, or import a file.
        </PanelEmpty>
      ) : null}
      {layers.data?.map((layer) => (
        <LayerRow key={layer.id} layer={layer} />
      ))}
    </section>
  );
}

function ImportButton({ imageId }: { imageId: string }) {
  const client = useQueryClient();
  const take = useMutation({
    mutationFn: (file: File) => importAnnotations(imageId, file),
    onSuccess: ({ created, layer, warnings }) => {
      void client.invalidateQueries({ queryKey: layerKeys.list(imageId) });
      const message = [`${plural(created, "object")} in the layer "${layer.name}".`, ...warnings].join(" ");
      tell({ kind: warnings.length > 0 ? "info" : "success", title: "Imported", message });
    },
  });
  return (
    <FilePick
      label="File with objects"
      testId="import-input"
      accept=".geojson,.json,.tif,.tiff,.png,.roi,.zip,.csv"
      onFiles={([file]) => file && take.mutate(file)}
    >
      {(open) => (
        <IconButton label="Import objects from a file" testId="import-annotations" onClick={open}>
          {take.isPending ? <Loader size={12} /> : <IconFileImport size={15} />}
        </IconButton>
      )}
    </FilePick>
  );
}

const KIND_ICONS: Partial<Record<Layer["kind"], typeof IconUser>> = {
  run: IconRobot,
  import: IconUpload,
  scribbles: IconScribble,
  landmarks: IconMapPin,
};

type Asked = "rename" | "delete" | null;

function LayerRow({ layer }: { layer: Layer }) {
  const display = useWorkspace((s) => s.layerDisplays[layer.id]) ?? SHOWN;
  const isActive = useWorkspace((s) => s.activeLayerId === layer.id);
  const [asked, setAsked] = useState<Asked>(null);
  const KindIcon = KIND_ICONS[layer.kind] ?? IconUser;
  return (
    <div data-testid="layer-row" data-layer-id={layer.id} data-kind={layer.kind} data-count={layer.count}>
      <div className="list-row" data-active={isActive}>
        <IconButton
          label={display.isVisible ? `Hide ${layer.name}` : `Show ${layer.name}`}
          pressed={display.isVisible}
          testId="layer-eye"
          onClick={() => setLayerDisplay(layer.id, { isVisible: !display.isVisible })}
        >
          {display.isVisible ? <IconEye size={15} /> : <IconEyeOff size={15} />}
        </IconButton>
        {asked === "rename" ? (
          <RenameLayer layer={layer} onDone={() => setAsked(null)} />
        ) : (
          <button
            type="button"
            className="row-button"
            aria-pressed={isActive}
            onClick={() => setWorkspace({ activeLayerId: layer.id })}
            title={`${layer.name}, by ${layer.creator}`}
          >
            <KindIcon size={14} stroke={1.6} aria-hidden className="dim" />
            <LongName text={layer.name} />
            <Text size="xs" className="numbers" c="var(--text-dim)" data-testid="layer-count">
              {layer.count.toLocaleString("en-US")}
            </Text>
          </button>
        )}
        <LayerMenu layer={layer} onAsk={setAsked} asked={asked} />
      </div>
      {isActive ? <Opacity layer={layer} value={display.opacity} /> : null}
      {asked === "delete" ? <DeleteLayer layer={layer} onClose={() => setAsked(null)} /> : null}
    </div>
  );
}

function Opacity({ layer, value }: { layer: Layer; value: number }) {
  return (
    <Group gap={10} px={10} py={4} wrap="nowrap">
      <Text size="xs" c="var(--text-dim)">
        Opacity
      </Text>
      <Slider
        flex={1}
        size="xs"
        min={0}
        max={1}
        step={0.05}
        label={(shown) => `${Math.round(shown * 100)} %`}
        value={value}
        onChange={(opacity) => setLayerDisplay(layer.id, { opacity })}
        thumbLabel={`Opacity of ${layer.name}`}
        data-testid="layer-opacity"
      />
    </Group>
  );
}

interface LayerMenuProps {
  layer: Layer;
  asked: Asked;
  onAsk(what: Asked): void;
}

function LayerMenu({ layer, asked, onAsk }: LayerMenuProps) {
  const save = useMutation({ mutationFn: (format: ExportFormat) => download(exportUrl(layer.id, format)) });
  return (
    <Menu position="bottom-end" withinPortal width={210} returnFocus={asked === null}>
      <Menu.Target>
        <ActionIcon aria-label={`Actions for ${layer.name}`} data-testid="layer-menu">
          {save.isPending ? <Loader size={12} /> : <IconDots size={15} />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Export</Menu.Label>
        {EXPORT_FORMATS.map((format) => (
          <Menu.Item
            key={format}
            onClick={() => save.mutate(format)}
            leftSection={<IconDownload size={14} />}
            data-testid={`export-${format}`}
          >
            {FORMAT_NAMES[format]}
          </Menu.Item>
        ))}
        {layer.editable ? (
          <>
            <Menu.Divider />
            <Menu.Item
              leftSection={<IconPencil size={14} />}
              onClick={() => onAsk("rename")}
              data-testid="layer-rename"
            >
              Rename
            </Menu.Item>
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={14} />}
              onClick={() => onAsk("delete")}
              data-testid="layer-delete"
            >
              Delete layer
            </Menu.Item>
          </>
        ) : null}
      </Menu.Dropdown>
    </Menu>
  );
}

function RenameLayer({ layer, onDone }: { layer: Layer; onDone(): void }) {
  const client = useQueryClient();
  const [name, setName] = useState(layer.name);
  const rename = useMutation({
    mutationFn: () => renameLayer(layer.id, name.trim()),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: layerKeys.list(layer.image_id) });
      onDone();
    },
  });
  const finish = () => (name.trim() && name !== layer.name ? rename.mutate() : onDone());
  return (
    <TextInput
      flex={1}
      size="xs"
      aria-label="Layer name"
      data-autofocus
      autoFocus
      value={name}
      onChange={(e) => setName(e.currentTarget.value)}
      onBlur={finish}
      onKeyDown={(e) => {
        if (e.key === "Enter") finish();
        if (e.key === "Escape") onDone();
      }}
      data-testid="layer-name"
    />
  );
}

function DeleteLayer({ layer, onClose }: { layer: Layer; onClose(): void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteLayer(layer.id),
    onSuccess: () => client.invalidateQueries({ queryKey: layerKeys.list(layer.image_id) }),
    onSettled: onClose,
  });
  return (
    <Confirm
      opened
      title={`Delete the layer "${layer.name}"?`}
      action="Delete layer"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      Its {plural(layer.count, "object")} and their measurements are deleted with it. Export them first if you
      may need them again.
    </Confirm>
  );
}
