import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createProject, projectKeys, updateProject } from "../../api/projects";
import type { Project } from "../../api/types";
import { navigate, projectPath } from "../../ui/router";

/** Makes a project and opens it, or changes the name and description of one. */
export function ProjectDialog({ project, onClose }: { project?: Project; onClose(): void }) {
  const client = useQueryClient();
  const [name, setName] = useState(project?.name ?? "");
  const [description, setDescription] = useState(project?.description ?? "");
  const save = useMutation({
    mutationFn: () =>
      project
        ? updateProject(project.id, { name: name.trim(), description })
        : createProject(name.trim(), description),
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: projectKeys.all });
      client.setQueryData(projectKeys.one(saved.id), saved);
      onClose();
      if (!project) navigate(projectPath(saved.id));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) save.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={project ? "Edit project" : "New project"}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            maxLength={200}
            data-autofocus
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            data-testid="project-name"
          />
          <Textarea
            label="Description"
            autosize
            minRows={3}
            maxLength={20_000}
            value={description}
            onChange={(e) => setDescription(e.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim()} data-testid="project-save">
              {project ? "Save" : "Create"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
