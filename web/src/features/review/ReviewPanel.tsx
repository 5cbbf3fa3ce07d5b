/** Predictions, one after the other or all in view: accepted, rejected, or corrected and then accepted. */
import { Button, Group, Kbd, Progress, Select, Stack, Text } from "@mantine/core";
import { IconCheck, IconChevronLeft, IconChevronRight, IconX } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ObjectFilter } from "../../api/measurements";
import { projectReviewQuery } from "../../api/objects";
import { ontologyQuery } from "../../api/projects";
import { usersQuery } from "../../api/session";
import type { Layer } from "../../api/types";
import { setWorkspace, useWorkspace } from "../../state/workspace";
import { type Conditions, FilterBar } from "../../ui/FilterBar";
import { plural } from "../../ui/format";
import { IconButton, PanelEmpty } from "../../ui/parts";
import { decidedShare } from "./progress";
import { useReview } from "./useReview";

interface Props {
  projectId: string;
  imageId: string;
  layers: readonly Layer[];
  mayReview: boolean;
}

/** What runs and files brought, and other layers with proposals or decisions. */
const isReviewable = ({ kind, review }: Layer): boolean =>
  kind === "run" || kind === "import" || (kind !== "review" && review.predicted + review.rejected > 0);

export function ReviewPanel({ projectId, imageId, layers, mayReview }: Props) {
  const activeLayerId = useWorkspace((s) => s.activeLayerId);
  const choices = layers.filter(isReviewable);
  const layer = choices.find(({ id }) => id === activeLayerId) ?? choices[0];
  if (!layer) {
    return (
      <PanelEmpty testId="review-empty">
        There is nothing to review yet. Let a method find objects under "Segment", or import a file with
        predictions.
      </PanelEmpty>
    );
  }
  return (
    <Stack gap={10} p="sm" data-testid="review">
      <Select
        label="Layer"
        allowDeselect={false}
        data={choices.map(({ id, name }) => ({ value: id, label: name }))}
        value={layer.id}
        onChange={(id) => id && setWorkspace({ activeLayerId: id })}
        data-testid="review-layer"
      />
      <LayerReview
        key={layer.id}
        projectId={projectId}
        imageId={imageId}
        layer={layer}
        mayReview={mayReview}
      />
      <ProjectProgress projectId={projectId} layer={layer} />
    </Stack>
  );
}

const ORDERS = [
  { value: "score asc", label: "Uncertain first" },
  { value: "score desc", label: "Certain first" },
  { value: "id asc", label: "As found" },
  { value: "area desc", label: "Large first" },
];

function LayerReview({ projectId, imageId, layer, mayReview }: Omit<Props, "layers"> & { layer: Layer }) {
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: users } = useQuery(usersQuery);
  const [conditions, setConditions] = useState<Conditions>({});
  const [order, setOrder] = useState("score asc");
  const [sort = "score", direction] = order.split(" ");
  const filter: ObjectFilter = {
    sort,
    order: direction === "desc" ? "desc" : "asc",
    where: { ...conditions, status: "predicted" },
  };
  const review = useReview(imageId, layer, filter);
  return (
    <>
      <Counts layer={layer} />
      <Group gap={6} wrap="nowrap" justify="space-between">
        <Select
          w={132}
          aria-label="Order of the review"
          allowDeselect={false}
          data={ORDERS}
          value={order}
          onChange={(chosen) => chosen && setOrder(chosen)}
          data-testid="review-order"
        />
        <FilterBar
          value={conditions}
          terms={ontology?.terms ?? []}
          authors={users?.map(({ display_name }) => display_name) ?? []}
          hasStatus={false}
          onChange={setConditions}
        />
      </Group>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <IconButton label="Previous open object" testId="review-previous" onClick={() => review.go(-1)}>
          <IconChevronLeft size={18} aria-hidden />
        </IconButton>
        <Text size="xs" data-testid="review-current">
          {review.current === null ? `${plural(review.open, "open object")}` : `Object ${review.current}`}
        </Text>
        <IconButton label="Next open object" testId="review-next" onClick={() => review.go(1)}>
          <IconChevronRight size={18} aria-hidden />
        </IconButton>
      </Group>
      <Group grow gap={6}>
        <Button
          leftSection={<IconCheck size={15} aria-hidden />}
          rightSection={<Kbd size="xs">Y</Kbd>}
          disabled={!mayReview}
          onClick={() => review.decide("accept")}
          data-testid="review-accept"
        >
          Accept
        </Button>
        <Button
          variant="default"
          leftSection={<IconX size={15} aria-hidden />}
          rightSection={<Kbd size="xs">N</Kbd>}
          disabled={!mayReview}
          onClick={() => review.decide("reject")}
          data-testid="review-reject"
        >
          Reject
        </Button>
      </Group>
      <Group grow gap={6}>
        <Button
          variant="light"
          disabled={!mayReview}
          onClick={() => review.decideInView("accept")}
          data-testid="review-accept-view"
        >
          Accept all in view
        </Button>
        <Button
          variant="default"
          disabled={!mayReview}
          onClick={() => review.decideInView("reject")}
          data-testid="review-reject-view"
        >
          Reject all in view
        </Button>
      </Group>
      <Text size="xs" c="var(--text-dim)">
        To correct an object first, change its outline with any tool, then accept it. What is accepted is
        copied into the layer "Review".
      </Text>
    </>
  );
}

function Counts({ layer: { review } }: { layer: Layer }) {
  const share = Math.round(100 * decidedShare(review));
  return (
    <div data-testid="review-counts" data-open={review.predicted}>
      <Progress value={share} aria-label="Share of decided objects" mb={4} />
      <Text size="xs">
        {review.accepted.toLocaleString("en-US")} accepted, {review.rejected.toLocaleString("en-US")}{" "}
        rejected, {review.predicted.toLocaleString("en-US")} open
      </Text>
    </div>
  );
}

/** The whole project, fetched anew when this layer's counts change. */
function ProjectProgress({ projectId, layer: { generation } }: { projectId: string; layer: Layer }) {
  const { data } = useQuery({
    ...projectReviewQuery(projectId, generation),
    placeholderData: keepPreviousData,
  });
  if (!data || data.images.length === 0) return null;
  return (
    <div data-testid="review-project">
      <Text size="xs" fw={600}>
        Images of the project
      </Text>
      {data.images.map((image) => (
        <Group key={image.image_id} gap={8} wrap="nowrap">
          <Text size="xs" className="ellipsis" flex={1} title={image.name}>
            {image.name}
          </Text>
          <Text size="xs" c="var(--text-dim)" className="tabular">
            {Math.round(100 * decidedShare(image))} % · {image.predicted.toLocaleString("en-US")} open
          </Text>
        </Group>
      ))}
    </div>
  );
}
