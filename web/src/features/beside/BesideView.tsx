/** A second picture beside the first: another image, or the same with other layers and channels. */
import { Checkbox, Menu, Select } from "@mantine/core";
import { IconLink, IconLinkOff, IconStack2, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { imageQuery, imagesQuery } from "../../api/images";
import { layersQuery } from "../../api/layers";
import type { Image } from "../../api/types";
import {
  chooseBeside,
  SHARES,
  setBeside,
  shareRoom,
  toggleBeside,
  toggleBesideLayer,
  toggleLinked,
  useBeside,
} from "../../state/beside";
import { IconButton } from "../../ui/parts";
import { initialChannels } from "../../viewer/channels";
import "./beside.css";
import { useSecondViewer } from "./useSecondViewer";

interface Props {
  projectId: string;
  /** The image of the first picture. */
  image: Image;
}

export function BesideView({ projectId, image }: Props) {
  const chosen = useBeside((s) => s.imageId);
  const { data: other } = useQuery({ ...imageQuery(chosen ?? image.id), enabled: chosen !== null });
  const shown = chosen === null ? image : (other ?? null);
  return (
    <section className="stage beside" aria-label="Picture beside" data-testid="beside">
      {shown?.state === "ready" ? (
        <Picture key={shown.id} projectId={projectId} first={image} image={shown} />
      ) : null}
      <Bar projectId={projectId} first={image} image={shown} />
    </section>
  );
}

function Picture({ projectId, first, image }: { projectId: string; first: Image; image: Image }) {
  const element = useRef<HTMLDivElement>(null);
  useSecondViewer(projectId, first, image, element);
  return (
    <div
      ref={element}
      className="stage-map"
      role="img"
      aria-label={`Picture of ${image.name}, beside`}
      data-testid="beside-map"
    />
  );
}

interface BarProps {
  projectId: string;
  first: Image;
  image: Image | null;
}

const SAME = "same";

function Bar({ projectId, first, image }: BarProps) {
  const { imageId, isLinked } = useBeside();
  const { data: images } = useQuery(imagesQuery(projectId));
  const others = (images ?? []).filter(({ id, state }) => id !== first.id && state === "ready");
  return (
    <div className="beside-bar">
      <Select
        aria-label="Image beside"
        size="xs"
        flex={1}
        data={[
          { value: SAME, label: "The same image" },
          ...others.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={imageId ?? SAME}
        allowDeselect={false}
        searchable={others.length > 8}
        onChange={(value) => chooseBeside(value === SAME ? null : value)}
        data-testid="beside-image"
      />
      {image ? <Shown image={image} /> : null}
      <IconButton
        label={isLinked ? "Free: each picture moves alone" : "Link: both pictures move together"}
        shortcut="Shift+J"
        pressed={isLinked}
        onClick={() => toggleLinked()}
        testId="beside-link"
      >
        {isLinked ? <IconLink size={15} /> : <IconLinkOff size={15} />}
      </IconButton>
      <IconButton
        label="Close the picture beside"
        shortcut="Shift+B"
        onClick={toggleBeside}
        testId="beside-close"
      >
        <IconX size={15} />
      </IconButton>
    </div>
  );
}

/** Which layers and channels the second picture shows. */
function Shown({ image }: { image: Image }) {
  const { hiddenLayers, channels } = useBeside();
  const { data: layers } = useQuery(layersQuery(image.id));
  const now = channels ?? initialChannels(image);
  return (
    <Menu closeOnItemClick={false} position="bottom-end" width={240}>
      <Menu.Target>
        <IconButton label="Layers and channels of this picture" testId="beside-shown">
          <IconStack2 size={15} />
        </IconButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Layers</Menu.Label>
        {layers?.length === 0 ? <Menu.Item disabled>No layers yet</Menu.Item> : null}
        {layers?.map(({ id, name }) => (
          <Toggle
            key={id}
            label={name}
            isOn={!hiddenLayers.includes(id)}
            testId="beside-layer"
            onToggle={() => toggleBesideLayer(id)}
          />
        ))}
        {now.length > 1 ? <Menu.Label>Channels</Menu.Label> : null}
        {now.length > 1
          ? now.map((channel) => (
              <Toggle
                key={channel.index}
                label={channel.name}
                isOn={channel.isVisible}
                testId="beside-channel"
                onToggle={() =>
                  setBeside({
                    channels: now.map((one) =>
                      one.index === channel.index ? { ...one, isVisible: !one.isVisible } : one,
                    ),
                  })
                }
              />
            ))
          : null}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ToggleProps {
  label: string;
  isOn: boolean;
  testId: string;
  onToggle(): void;
}

function Toggle({ label, isOn, testId, onToggle }: ToggleProps) {
  return (
    <Menu.Item
      role="menuitemcheckbox"
      aria-checked={isOn}
      onClick={onToggle}
      leftSection={<Checkbox.Indicator checked={isOn} size="xs" aria-hidden />}
      data-testid={testId}
    >
      {label}
    </Menu.Item>
  );
}

const STEP = 0.05;

/** Dragged, or moved by the arrow keys. */
export function BesideEdge() {
  const share = useBeside((s) => s.share);
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.parentElement?.getBoundingClientRect();
    if (event.buttons === 1 && box) shareRoom((event.clientX - box.left) / box.width);
  };
  const step = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    shareRoom(share + by);
  };
  return (
    <div
      className="beside-edge"
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Between the two pictures"
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={SHARES[0] * 100}
      aria-valuemax={SHARES[1] * 100}
      title="Drag to share the room"
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={step}
      data-testid="beside-edge"
    />
  );
}
