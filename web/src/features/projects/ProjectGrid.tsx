/** All projects as cards. */
import { ActionIcon, Badge, Button, Group, Menu, SimpleGrid, Skeleton, Text, Title } from "@mantine/core";
import {
  IconDots,
  IconFolderPlus,
  IconMicroscope,
  IconPencil,
  IconPhotoScan,
  IconPlus,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { coverUrl } from "../../api/images";
import { createSamples, deleteProject, projectKeys, projectsQuery } from "../../api/projects";
import type { Project } from "../../api/types";
import { plural } from "../../ui/format";
import { Confirm, Empty } from "../../ui/parts";
import { Link, navigate, projectPath } from "../../ui/router";
import { ProjectDialog } from "./ProjectDialog";

type Asked = { what: "create" } | { what: "edit" | "delete"; project: Project } | null;

export function ProjectGrid() {
  const projects = useQuery(projectsQuery);
  const [asked, setAsked] = useState<Asked>(null);
  const close = () => setAsked(null);
  const create = () => setAsked({ what: "create" });
  return (
    <>
      <Group justify="space-between" mb="lg">
        <Title order={1}>Projects</Title>
        <Button leftSection={<IconPlus size={14} />} onClick={create} data-testid="project-create">
          New project
        </Button>
      </Group>
      {projects.isPending ? <Loading /> : null}
      {projects.data?.length === 0 ? <NoProjects onCreate={create} /> : null}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 4 }} spacing="md">
        {projects.data?.map((project) => (
          <ProjectCard
            key={project.id}
            project={project}
            onEdit={() => setAsked({ what: "edit", project })}
            onDelete={() => setAsked({ what: "delete", project })}
          />
        ))}
      </SimpleGrid>
      {asked?.what === "create" ? <ProjectDialog onClose={close} /> : null}
      {asked?.what === "edit" ? <ProjectDialog project={asked.project} onClose={close} /> : null}
      {asked?.what === "delete" ? <DeleteProject project={asked.project} onClose={close} /> : null}
    </>
  );
}

const Loading = () => (
  <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 4 }} spacing="md">
    {["a", "b", "c", "d"].map((key) => (
      <Skeleton key={key} height={220} radius="md" />
    ))}
  </SimpleGrid>
);

function NoProjects({ onCreate }: { onCreate(): void }) {
  const client = useQueryClient();
  const samples = useMutation({
    mutationFn: createSamples,
    onSuccess: (project) => {
      void client.invalidateQueries({ queryKey: projectKeys.all });
      client.setQueryData(projectKeys.one(project.id), project);
      navigate(projectPath(project.id));
    },
  });
  return (
    <Empty
      icon={<IconMicroscope size={40} stroke={1.3} />}
      title="Start with a project"
      data-testid="projects-empty"
    >
      <Text size="sm" mb="md">
        A project holds your images, the classes of objects you look for, and everything you draw, segment and
        measure. Look around in one with sample images, or make your own and drop images onto it: PNG, JPEG,
        TIFF, whole slides, OME-Zarr, CZI, LIF, ND2, DICOM.
      </Text>
      <Group justify="center" gap="sm">
        <Button
          leftSection={<IconPhotoScan size={15} />}
          onClick={() => samples.mutate()}
          loading={samples.isPending}
          size="sm"
          data-testid="try-samples"
        >
          Try the sample project
        </Button>
        <Button variant="default" leftSection={<IconFolderPlus size={15} />} onClick={onCreate} size="sm">
          Create your first project
        </Button>
      </Group>
    </Empty>
  );
}

interface CardProps {
  project: Project;
  onEdit(): void;
  onDelete(): void;
}

function ProjectCard({ project, onEdit, onDelete }: CardProps) {
  const mayChange = project.role === "owner" || project.role === "manager";
  return (
    <article className="card" data-testid="project-card" data-project-id={project.id}>
      <Link href={projectPath(project.id)} className="plain-link">
        <div className="card-picture">
          {project.cover_image_id ? (
            <img src={coverUrl(project.cover_image_id, 480)} alt="" loading="lazy" />
          ) : (
            <IconMicroscope size={36} stroke={1.2} />
          )}
        </div>
        <div className="card-body">
          <Group gap={6} wrap="nowrap" justify="space-between">
            <Text fw={600} size="sm" className="ellipsis" title={project.name}>
              {project.name}
            </Text>
            {project.role === "owner" ? null : <Badge>{project.role}</Badge>}
          </Group>
          <Text size="xs" c="var(--text-dim)">
            {plural(project.image_count, "image")} · {plural(project.annotation_count, "object")}
          </Text>
          {project.description ? (
            <Text size="xs" c="var(--text-dim)" lineClamp={2} mt={4}>
              {project.description}
            </Text>
          ) : null}
        </div>
      </Link>
      {mayChange ? (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <ActionIcon
              className="card-menu"
              variant="default"
              aria-label={`Actions for ${project.name}`}
              data-testid="project-menu"
            >
              <IconDots size={14} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconPencil size={14} />} onClick={onEdit} data-testid="project-rename">
              Rename
            </Menu.Item>
            {project.role === "owner" ? (
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={14} />}
                onClick={onDelete}
                data-testid="project-delete"
              >
                Delete
              </Menu.Item>
            ) : null}
          </Menu.Dropdown>
        </Menu>
      ) : null}
    </article>
  );
}

function DeleteProject({ project, onClose }: { project: Project; onClose(): void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteProject(project.id),
    onSuccess: () => client.invalidateQueries({ queryKey: projectKeys.all }),
    onSettled: onClose,
  });
  return (
    <Confirm
      opened
      title={`Delete "${project.name}"?`}
      action="Delete project"
      isBusy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      Its {plural(project.image_count, "image")} and {plural(project.annotation_count, "object")} are deleted
      with it. This cannot be undone.
    </Confirm>
  );
}
