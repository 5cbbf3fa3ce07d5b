/** Who may do what in a project. */
import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { IconTrash, IconUserPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { membersQuery, projectKeys, putMember, removeMember } from "../../api/projects";
import { usersQuery } from "../../api/session";
import type { Member, RoleName } from "../../api/types";
import { IconButton } from "../../ui/parts";

const ROLES: readonly { value: RoleName; label: string }[] = [
  { value: "owner", label: "Owner" },
  { value: "manager", label: "Manager" },
  { value: "annotator", label: "Annotator" },
  { value: "reviewer", label: "Reviewer" },
  { value: "viewer", label: "Viewer" },
];

interface Props {
  projectId: string;
  mayChange: boolean;
  onClose(): void;
}

export function MembersDialog({ projectId, mayChange, onClose }: Props) {
  const client = useQueryClient();
  const members = useQuery(membersQuery(projectId));
  const refresh = () => client.invalidateQueries({ queryKey: projectKeys.members(projectId) });
  const put = useMutation({
    mutationFn: ({ id, role }: { id: number; role: RoleName }) => putMember(projectId, id, role),
    onSettled: refresh,
  });
  const remove = useMutation({ mutationFn: (id: number) => removeMember(projectId, id), onSettled: refresh });
  return (
    <Modal opened onClose={onClose} title="Members of this project" size="lg" data-testid="members">
      <Stack gap="xs">
        {members.data?.map(({ user, role }) => (
          <Group key={user.id} wrap="nowrap" gap="sm" data-testid="member-row">
            <div style={{ flex: 1, minWidth: 0 }}>
              <Text size="sm" className="ellipsis">
                {user.display_name}
              </Text>
              <Text size="xs" c="var(--text-dim)">
                {user.username}
              </Text>
            </div>
            <Select
              w={130}
              aria-label={`Role of ${user.display_name}`}
              data={[...ROLES]}
              value={role}
              disabled={!mayChange}
              allowDeselect={false}
              onChange={(value) => value && put.mutate({ id: user.id, role: value as RoleName })}
            />
            {mayChange ? (
              <IconButton
                label={`Remove ${user.display_name}`}
                color="red"
                size="md"
                onClick={() => remove.mutate(user.id)}
              >
                <IconTrash size={15} />
              </IconButton>
            ) : null}
          </Group>
        ))}
        {mayChange ? (
          <AddMember members={members.data ?? []} onAdd={(id, role) => put.mutate({ id, role })} />
        ) : null}
      </Stack>
    </Modal>
  );
}

interface AddProps {
  members: readonly Member[];
  onAdd(id: number, role: RoleName): void;
}

function AddMember({ members, onAdd }: AddProps) {
  const users = useQuery(usersQuery);
  const [id, setId] = useState<string | null>(null);
  const [role, setRole] = useState<RoleName>("annotator");
  const others = users.data?.filter((user) => !members.some((member) => member.user.id === user.id)) ?? [];
  const add = () => {
    if (id === null) return;
    onAdd(Number(id), role);
    setId(null);
  };
  return (
    <Group wrap="nowrap" gap="sm" mt="sm">
      <Select
        flex={1}
        searchable
        aria-label="User to add"
        placeholder={others.length === 0 ? "Everyone is a member" : "Choose a user"}
        data={others.map((user) => ({
          value: String(user.id),
          label: `${user.display_name} (${user.username})`,
        }))}
        value={id}
        onChange={setId}
        data-testid="member-user"
      />
      <Select
        w={130}
        aria-label="Role of the new member"
        data={[...ROLES]}
        value={role}
        allowDeselect={false}
        onChange={(value) => value && setRole(value as RoleName)}
      />
      <Button
        leftSection={<IconUserPlus size={14} />}
        onClick={add}
        disabled={id === null}
        data-testid="member-add"
      >
        Add
      </Button>
    </Group>
  );
}
