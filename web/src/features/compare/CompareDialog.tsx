/** Methods and preprocessing side by side on what is in view; a row becomes the method of the Segment panel. */
import { Button, Group, Modal, MultiSelect, Stack, Text } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { preprocessingQuery } from "../../api/comparisons";
import { messageFrom } from "../../api/http";
import { jobTold, projectMethodsQuery, startJob } from "../../api/jobs";
import type { Image } from "../../api/types";
import { geometryOf } from "../../geometry/geojson";
import { rectangle } from "../../geometry/shapes";
import { setWorkspace, useWorkspace, workspace } from "../../state/workspace";
import { ContactSheet } from "./ContactSheet";

const FIRST_METHODS = 3;
const MOST_ROWS = 200;

export function CompareDialog({ projectId, image }: { projectId: string; image: Image }) {
  const shown = useWorkspace((s) => s.comparison);
  return (
    <Modal
      opened={shown !== null}
      onClose={() => setWorkspace({ comparison: null })}
      title="Compare methods"
      size="min(1100px, 94vw)"
    >
      <div data-testid="compare-dialog">
        {shown === "new" ? <Choice projectId={projectId} image={image} /> : null}
        {shown !== null && shown !== "new" ? <ContactSheet jobId={shown} /> : null}
      </div>
    </Modal>
  );
}

function Choice({ projectId, image }: { projectId: string; image: Image }) {
  const client = useQueryClient();
  const known = useQuery(projectMethodsQuery(projectId));
  const preprocessing = useQuery(preprocessingQuery);
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [steps, setSteps] = useState<string[]>(["none", "median3", "clahe"]);
  const methods = chosen ?? (known.data ?? []).slice(0, FIRST_METHODS).map(({ name }) => name);
  const rows = methods.length * steps.length;
  const start = useMutation({
    mutationFn: () => {
      const { viewer, plane } = workspace();
      const region = viewer ? { ...geometryOf([[rectangle(viewer.camera.visibleBox)]]) } : null;
      return startJob(projectId, { kind: "compare", methods, steps, image_id: image.id, region, ...plane });
    },
    onSuccess: (job) => {
      jobTold(client, job);
      setWorkspace({ comparison: job.id });
    },
  });
  return (
    <Stack gap="sm">
      <Text size="sm">
        Every method runs with every preprocessing on what is in view; of a large view, on its middle.
      </Text>
      <MultiSelect
        label="Methods"
        data={(known.data ?? []).map(({ name, title }) => ({ value: name, label: title }))}
        value={methods}
        onChange={setChosen}
        data-testid="compare-methods"
      />
      <MultiSelect
        label="Preprocessing"
        data={(preprocessing.data ?? []).map(({ name, title }) => ({ value: name, label: title }))}
        value={steps}
        onChange={setSteps}
        data-testid="compare-steps"
      />
      {start.isError ? (
        <Text size="sm" c="red" role="alert">
          {messageFrom(start.error)}
        </Text>
      ) : null}
      <Group justify="flex-end">
        <Button
          leftSection={<IconPlayerPlay size={15} />}
          onClick={() => start.mutate()}
          loading={start.isPending}
          disabled={rows === 0 || rows > MOST_ROWS}
          data-testid="compare-run"
        >
          {rows === 1 ? "Compare 1 way" : `Compare ${rows} ways`}
        </Button>
      </Group>
    </Stack>
  );
}
