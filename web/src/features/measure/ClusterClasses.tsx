/** Clusters that become classes: each one an old class, a new one, or none. */
import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { columnsQuery, measurementKeys, nameClusters } from "../../api/measurements";
import { createTerm, projectKeys } from "../../api/projects";
import type { Layer, Scope, Term } from "../../api/types";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";
import { number } from "../../ui/format";
import { Chip } from "../../ui/parts";
import { groupColor } from "./figure/colours";
import { tellGiven } from "./given";
import { clusterName } from "./grouping";

interface Props {
  projectId: string;
  layer: Layer;
  terms: readonly Term[];
  scope: Scope;
  mayManage: boolean;
}

const NEW = "new";
const LEAVE = "leave";

export function ClusterClasses(props: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        variant="default"
        disabled={!props.layer.editable}
        onClick={() => setOpen(true)}
        data-testid="clusters-to-classes"
      >
        Clusters to classes…
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="Clusters to classes" size="sm">
        {isOpen ? <Choice {...props} onDone={() => setOpen(false)} /> : null}
      </Modal>
    </>
  );
}

/** The classes, those that are missing made first; null leaves a cluster as it is. */
async function termsFor(
  projectId: string,
  terms: readonly Term[],
  choice: ReadonlyMap<number, string>,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [cluster, chosen] of choice) {
    if (chosen === LEAVE) continue;
    if (chosen !== NEW) {
      found[cluster] = Number(chosen);
      continue;
    }
    const name = clusterName(cluster);
    const known = terms.find((one) => one.name.toLowerCase() === name.toLowerCase());
    const term = known ?? (await createTerm(projectId, { name, color: groupColor(cluster - 1) }));
    found[cluster] = term.id;
  }
  return found;
}

function Choice({ projectId, layer, terms, scope, mayManage, onDone }: Props & { onDone(): void }) {
  const client = useQueryClient();
  const { data } = useQuery(columnsQuery(layer.id, ["cluster"], scope));
  const [chosen, setChosen] = useState<Readonly<Record<number, string>>>({});
  const counts = new Map<number, number>();
  for (const value of data?.columns.cluster ?? [])
    if (typeof value === "number" && value > 0) counts.set(value, (counts.get(value) ?? 0) + 1);
  const clusters = [...counts.keys()].toSorted((a, b) => a - b);
  const choiceOf = (cluster: number): string => chosen[cluster] ?? (mayManage ? NEW : LEAVE);
  const apply = useMutation({
    mutationFn: async () => {
      const { editor } = workspace();
      await editor?.idle();
      const choice = new Map(clusters.map((one) => [one, choiceOf(one)]));
      const wanted = await termsFor(projectId, terms, choice);
      await client.invalidateQueries({ queryKey: projectKeys.ontology(projectId) });
      return nameClusters(layer.id, wanted, scope);
    },
    onSuccess: (given) => {
      workspace().editor?.applied(given.history);
      void client.invalidateQueries({ queryKey: measurementKeys.all });
      tellGiven(given);
      onDone();
    },
    onError: (error) => tell({ kind: "error", message: messageFrom(error) }),
  });
  const options = [
    ...(mayManage ? [{ value: NEW, label: "A new class" }] : []),
    { value: LEAVE, label: "Leave as it is" },
    ...terms.map(({ id, name }) => ({ value: String(id), label: name })),
  ];
  return (
    <Stack gap={8}>
      <Text size="xs" c="var(--text-dim)">
        The objects of a cluster get its class; Ctrl+Z takes it back. Locked objects keep theirs.
      </Text>
      {clusters.map((cluster) => (
        <Group key={cluster} gap={8} wrap="nowrap">
          <Chip color={groupColor(cluster - 1)} />
          <Text size="xs" flex={1}>
            {clusterName(cluster)} ({number(counts.get(cluster))})
          </Text>
          <Select
            w={170}
            aria-label={`Class of ${clusterName(cluster)}`}
            data={options}
            value={choiceOf(cluster)}
            onChange={(value) => value && setChosen({ ...chosen, [cluster]: value })}
            allowDeselect={false}
            data-testid="cluster-class"
          />
        </Group>
      ))}
      <Button
        onClick={() => apply.mutate()}
        loading={apply.isPending}
        disabled={clusters.every((one) => choiceOf(one) === LEAVE)}
        data-testid="clusters-apply"
      >
        Give the classes
      </Button>
    </Stack>
  );
}
