/** The images of a project, and the ways to add some. */
import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Loader,
  Menu,
  SimpleGrid,
  Skeleton,
  Text,
  TextInput,
} from "@mantine/core";
import {
  IconAlertTriangle,
  IconDots,
  IconFolder,
  IconPencil,
  IconPhotoPlus,
  IconServer,
  IconTrash,
  IconUpload,
} from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import {
  deleteImage,
  imageKeys,
  imagesQuery,
  renameImage,
  serverFilesQuery,
  thumbnailUrl,
} from "../../api/images";
import { projectKeys } from "../../api/projects";
import { renew } from "../../api/renewing";
import type { Image } from "../../api/types";
import { FilePick } from "../../ui/FilePick";
import { number, plural } from "../../ui/format";
import { Confirm, Empty, PanelEmpty } from "../../ui/parts";
import { imagePath, Link } from "../../ui/router";
import { DropZone } from "./DropZone";
import { type FoundFile, filesOf } from "./dropped";
import { foundImages, useFinding } from "./finding";
import { ImageFinder, WORTH_FINDING } from "./ImageFinder";
import { ServerFilesDialog } from "./ServerFilesDialog";
import { UploadList } from "./UploadList";
import { addUploads } from "./uploadStore";

interface Props {
  projectId: string;
  mayAdd: boolean;
}

export function ImageGrid({ projectId, mayAdd }: Props) {
  const client = useQueryClient();
  const images = useQuery({
    ...imagesQuery(projectId),
    // the stream tells at once; this is for the case that it is down
    refetchInterval: (query) => (query.state.data?.some(({ state }) => state === "importing") ? 3000 : false),
  });
  const refresh = useCallback(() => {
    renew(client, imageKeys.list(projectId));
    renew(client, projectKeys.one(projectId));
  }, [client, projectId]);
  const add = useCallback(
    (files: FoundFile[]) => mayAdd && addUploads(projectId, files, refresh),
    [projectId, mayAdd, refresh],
  );
  const [asked, setAsked] = useState<{ what: "delete" | "rename"; image: Image } | null>(null);
  const close = () => setAsked(null);
  const finding = useFinding(projectId);
  const count = images.data?.length ?? 0;
  const isFinder = count >= WORTH_FINDING;
  const shown = isFinder ? foundImages(images.data ?? [], finding) : images.data;
  const grid = (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="var(--text-dim)" data-testid="image-count">
          {images.data ? countOf(shown?.length ?? 0, count) : ""}
        </Text>
        {mayAdd ? <AddButtons projectId={projectId} onFiles={add} /> : null}
      </Group>
      <UploadList projectId={projectId} />
      {isFinder ? <ImageFinder projectId={projectId} /> : null}
      {images.isPending ? <LoadingCards /> : null}
      {images.data?.length === 0 ? <NoImages mayAdd={mayAdd} /> : null}
      {count > 0 && shown?.length === 0 ? (
        <PanelEmpty testId="images-unfound">No image has "{finding.words.trim()}" in its name.</PanelEmpty>
      ) : null}
      <SimpleGrid cols={{ base: 2, sm: 3, md: 4, lg: 5 }} spacing="md">
        {shown?.map((image) => (
          <ImageCard
            key={image.id}
            image={image}
            mayChange={mayAdd}
            onAsk={(what) => setAsked({ what, image })}
          />
        ))}
      </SimpleGrid>
      {asked?.what === "delete" ? <DeleteImage image={asked.image} onClose={close} /> : null}
      {asked?.what === "rename" ? <RenameImage image={asked.image} onClose={close} /> : null}
    </>
  );
  return mayAdd ? <DropZone onFiles={add}>{grid}</DropZone> : grid;
}

const countOf = (shown: number, all: number): string =>
  shown === all ? plural(all, "image") : `${number(shown)} of ${plural(all, "image")}`;

const LoadingCards = () => (
  <SimpleGrid cols={{ base: 2, sm: 3, md: 4, lg: 5 }} spacing="md">
    {["a", "b", "c", "d", "e"].map((key) => (
      <Skeleton key={key} height={190} radius="md" />
    ))}
  </SimpleGrid>
);

function NoImages({ mayAdd }: { mayAdd: boolean }) {
  return (
    <Empty
      icon={<IconPhotoPlus size={40} stroke={1.3} />}
      title={mayAdd ? "Drop images here" : "No images yet"}
      data-testid="images-empty"
    >
      <Text size="sm">
        {mayAdd
          ? "Files, whole folders or zip files: PNG, JPEG, TIFF and OME-TIFF, whole slides (SVS, NDPI, MRXS, SCN, BIF, DICOM), OME-Zarr, CZI, LIF, ND2."
          : "Someone with the right to add images will do so."}
      </Text>
      {mayAdd ? (
        <Text size="xs" mt={6} c="var(--text-dim)">
          Large uploads go on where they stopped after a lost connection.
        </Text>
      ) : null}
    </Empty>
  );
}

interface AddProps {
  projectId: string;
  onFiles(files: FoundFile[]): void;
}

function AddButtons({ projectId, onFiles }: AddProps) {
  const [isServerOpen, setServerOpen] = useState(false);
  const { data: roots } = useQuery({ ...serverFilesQuery(""), meta: { quiet: true } });
  return (
    <Group gap="xs">
      {roots && roots.length > 0 ? (
        <Button
          variant="default"
          leftSection={<IconServer size={14} />}
          onClick={() => setServerOpen(true)}
          data-testid="add-server"
        >
          Add from server folder
        </Button>
      ) : null}
      <FilePick
        label="Folder to upload"
        testId="folder-input"
        folder
        onFiles={(files) => onFiles(filesOf(files))}
      >
        {(open) => (
          <Button
            variant="default"
            leftSection={<IconFolder size={14} />}
            onClick={open}
            data-testid="add-folder"
          >
            Upload folder
          </Button>
        )}
      </FilePick>
      <FilePick
        label="Files to upload"
        testId="file-input"
        multiple
        onFiles={(files) => onFiles(filesOf(files))}
      >
        {(open) => (
          <Button leftSection={<IconUpload size={14} />} onClick={open} data-testid="add-files">
            Upload files
          </Button>
        )}
      </FilePick>
      {isServerOpen ? <ServerFilesDialog projectId={projectId} onClose={() => setServerOpen(false)} /> : null}
    </Group>
  );
}

interface CardProps {
  image: Image;
  mayChange: boolean;
  onAsk(what: "delete" | "rename"): void;
}

function ImageCard({ image, mayChange, onAsk }: CardProps) {
  const isReady = image.state === "ready";
  const body = (
    <>
      <CardPicture image={image} />
      <div className="card-body">
        <Text size="xs" fw={600} className="ellipsis" title={image.name} data-testid="image-name">
          {image.name}
        </Text>
        {image.state === "failed" ? (
          <Text size="xs" c="red" lineClamp={3} data-testid="image-error" title={image.error ?? ""}>
            {image.error ?? "This file could not be read."}
          </Text>
        ) : (
          <Text size="xs" c="var(--text-dim)" className="ellipsis numbers">
            {isReady ? details(image) : "Importing…"}
          </Text>
        )}
      </div>
    </>
  );
  return (
    <article className="card" data-testid="image-card" data-image-id={image.id} data-state={image.state}>
      {isReady ? (
        <Link href={imagePath(image.project_id, image.id)} className="plain-link">
          {body}
        </Link>
      ) : (
        body
      )}
      {image.annotation_count > 0 ? (
        <Badge variant="filled" color="dark" style={{ position: "absolute", top: 8, left: 8 }}>
          {number(image.annotation_count)}
        </Badge>
      ) : null}
      {mayChange ? (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon
              className="card-menu"
              variant="default"
              aria-label={`Actions for ${image.name}`}
              data-testid="image-menu"
            >
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {isReady ? (
              <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => onAsk("rename")}>
                Rename
              </Menu.Item>
            ) : null}
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={14} />}
              onClick={() => onAsk("delete")}
              data-testid="image-delete"
            >
              Remove
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </article>
  );
}

function CardPicture({ image }: { image: Image }) {
  if (image.state === "importing") {
    return (
      <div className="card-picture">
        <Loader size="sm" color="gray" />
      </div>
    );
  }
  if (image.state === "failed") {
    return (
      <div className="card-picture">
        <IconAlertTriangle size={30} stroke={1.4} color="var(--mantine-color-red-5)" />
      </div>
    );
  }
  return (
    <div className="card-picture">
      <img src={thumbnailUrl(image, 320)} alt="" loading="lazy" />
    </div>
  );
}

function details(image: Image): string {
  const parts = [`${image.width} × ${image.height}`];
  if (image.size_z > 1) parts.push(`${image.size_z} z`);
  if (image.size_t > 1) parts.push(`${image.size_t} t`);
  if (!image.rgb && image.size_c > 1) parts.push(`${image.size_c} channels`);
  return parts.join(" · ");
}

function useImageChange(image: Image, change: () => Promise<unknown>, onClose: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: imageKeys.list(image.project_id) });
      void client.invalidateQueries({ queryKey: projectKeys.one(image.project_id) });
    },
    onSettled: onClose,
  });
}

function DeleteImage({ image, onClose }: { image: Image; onClose(): void }) {
  const remove = useImageChange(image, () => deleteImage(image.id), onClose);
  return (
    <Confirm
      opened
      title={`Remove "${image.name}"?`}
      action="Remove image"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      {image.annotation_count > 0
        ? `Its layers with ${plural(image.annotation_count, "object")} are removed from the project with it.`
        : "It is taken out of this project."}
    </Confirm>
  );
}

function RenameImage({ image, onClose }: { image: Image; onClose(): void }) {
  const [name, setName] = useState(image.name);
  const rename = useImageChange(image, () => renameImage(image.id, name.trim()), onClose);
  return (
    <Confirm
      opened
      title="Rename image"
      action="Rename"
      isBusy={rename.isPending}
      onConfirm={() => name.trim() && rename.mutate()}
      onClose={onClose}
    >
      <TextInput
        aria-label="Name"
        data-autofocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
    </Confirm>
  );
}
