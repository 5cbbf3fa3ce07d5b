/** What to learn from, and how. */
import { Alert, Button, Group, Radio, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconSchool } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageFrom } from "../../api/http";
import { jobTold, startJob } from "../../api/jobs";
import { ontologyQuery } from "../../api/projects";
import { correctionsQuery } from "../../api/tuning";
import type { Corrections, FineTuneRequest, TuningPlan } from "../../api/types";
import { setWorkspace } from "../../state/workspace";
import { PanelEmpty } from "../../ui/parts";
import { ImageTable } from "./ImageTable";
import { firstRoles, type ImageRole, idsWith, problemOf } from "./roles";
import { TuningSettings } from "./TuningSettings";

const PLAN: TuningPlan = {
  unmarked: "unknown",
  rounds: 2,
  steps: 300,
  batch: 8,
  learning_rate: 1e-3,
  seed: 0,
};

export function TuningForm({ projectId }: { projectId: string }) {
  const found = useQuery(correctionsQuery(projectId));
  if (found.isError) {
    return (
      <Text size="sm" c="red" role="alert">
        {messageFrom(found.error)}
      </Text>
    );
  }
  if (!found.data) return null;
  if (found.data.images.length === 0) {
    return (
      <PanelEmpty testId="tuning-empty">
        There are no outlines to learn from yet. Let a method find objects, accept and correct them (or draw
        some), then come back.
      </PanelEmpty>
    );
  }
  return <Form projectId={projectId} found={found.data} />;
}

function Form({ projectId, found }: { projectId: string; found: Corrections }) {
  const client = useQueryClient();
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const [start, setStart] = useState(found.models[0]?.name ?? "");
  const [name, setName] = useState(`${found.models[0]?.name ?? "model"}-improved`);
  const [roles, setRoles] = useState(() => firstRoles(found.images));
  const [plan, setPlan] = useState(PLAN);
  const [area, setArea] = useState<string | null>(null);
  const problem = problemOf(found.images, roles);
  const run = useMutation({
    mutationFn: () => startJob(projectId, requestOf({ start, name, roles, plan, area })),
    onSuccess: (job) => {
      jobTold(client, job);
      setWorkspace({ tuning: job.id });
    },
  });
  return (
    <Stack gap="sm">
      <Text size="sm">
        The model goes on learning from the outlines that people drew or accepted. It is compared with itself,
        before and after, on images that it does not learn from; then you keep it or not.
      </Text>
      {found.can_train ? null : (
        <Alert color="yellow" p="xs" data-testid="tuning-no-torch">
          <Text size="sm">
            Training needs torch where the server runs. Install it with{" "}
            <code>pip install 'cytoloop[train]'</code> and start the server again.
          </Text>
        </Alert>
      )}
      <Group grow align="flex-start">
        <Select
          label="Model to go on from"
          data={found.models.map((one) => ({ value: one.name, label: one.title }))}
          value={start}
          onChange={(value) => value && setStart(value)}
          allowDeselect={false}
          data-testid="tuning-start"
        />
        <TextInput
          label="Name of the new model"
          description="Small letters, digits, -, _ and ."
          value={name}
          maxLength={60}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="tuning-name"
        />
      </Group>
      <ImageTable images={found.images} roles={roles} onChange={setRoles} />
      <Radio.Group
        label="What is not outlined on these images"
        value={plan.unmarked}
        onChange={(value) => setPlan({ ...plan, unmarked: value === "background" ? value : "unknown" })}
      >
        <Stack gap={4} mt={4}>
          <Radio
            value="unknown"
            label="May be objects too: some have no outline yet"
            description="It is ignored, until the model is sure of it."
            data-testid="tuning-unknown"
          />
          <Radio
            value="background"
            label="Is background: every object has an outline"
            data-testid="tuning-background"
          />
        </Stack>
      </Radio.Group>
      <TuningSettings
        plan={plan}
        onPlan={setPlan}
        terms={ontology?.terms ?? []}
        area={area}
        onArea={setArea}
      />
      {problem ? (
        <Text size="sm" c="var(--text-dim)" data-testid="tuning-problem">
          {problem}
        </Text>
      ) : null}
      {run.isError ? (
        <Text size="sm" c="red" role="alert">
          {messageFrom(run.error)}
        </Text>
      ) : null}
      <Group justify="flex-end">
        <Button
          leftSection={<IconSchool size={16} />}
          onClick={() => run.mutate()}
          loading={run.isPending}
          disabled={problem !== null || !found.can_train || name === "" || start === ""}
          data-testid="tuning-run"
        >
          Train
        </Button>
      </Group>
    </Stack>
  );
}

interface Chosen {
  start: string;
  name: string;
  roles: ReadonlyMap<string, ImageRole>;
  plan: TuningPlan;
  area: string | null;
}

const requestOf = ({ start, name, roles, plan, area }: Chosen): FineTuneRequest => ({
  kind: "fine-tune",
  start,
  name,
  image_ids: [...idsWith(roles, "learn"), ...idsWith(roles, "compare")],
  test_image_ids: idsWith(roles, "compare"),
  term_ids: null,
  complete_term_id: area === null ? null : Number(area),
  channel: "auto",
  plan,
});
