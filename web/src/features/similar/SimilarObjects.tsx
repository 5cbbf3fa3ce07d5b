/** Objects of the project that look like the selected one, and the class that they suggest for it. */
import { Button, Group, Progress, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type CSSProperties, useState } from "react";
import { isRunning } from "../../api/events";
import { messageFrom } from "../../api/http";
import { jobsQuery, jobTold, startJob } from "../../api/jobs";
import { cropUrl } from "../../api/objects";
import { ontologyQuery } from "../../api/projects";
import { similarQuery } from "../../api/similar";
import type { Annotation, SimilarObjects as Found, SimilarObject, Term } from "../../api/types";
import { tell } from "../../state/notices";
import { useWorkspace, workspace } from "../../state/workspace";
import { plural } from "../../ui/format";
import { imagePath, navigate } from "../../ui/router";
import "./similar.css";

interface Props {
  projectId: string;
  imageId: string;
  mayRun: boolean;
}

export function SimilarObjects({ projectId, imageId, mayRun }: Props) {
  const [isOpen, setOpen] = useState(false);
  const selection = useWorkspace((s) => s.selection);
  const [only] = selection;
  // one that is still on its way to the server has no number there
  if (!only || selection.length !== 1 || only.id < 0 || !hasArea(only)) return null;
  const Icon = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <section className="similar" aria-label="Similar objects" data-testid="similar">
      <UnstyledButton
        className="similar-fold"
        onClick={() => setOpen(!isOpen)}
        aria-expanded={isOpen}
        data-testid="similar-open"
      >
        <Icon size={13} aria-hidden /> Similar objects
      </UnstyledButton>
      {isOpen ? <OfObject projectId={projectId} imageId={imageId} mayRun={mayRun} object={only} /> : null}
    </section>
  );
}

const hasArea = ({ geometry }: Annotation): boolean =>
  geometry.type === "Polygon" || geometry.type === "MultiPolygon";

function OfObject({ projectId, imageId, mayRun, object }: Props & { object: Annotation }) {
  const found = useQuery(similarQuery(object.id, object.version));
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  if (found.isError) {
    return (
      <Text size="xs" c="red" role="alert">
        {messageFrom(found.error)}
      </Text>
    );
  }
  if (!found.data) return <Progress value={100} animated aria-label="Looking for similar objects" />;
  const terms = new Map((ontology?.terms ?? []).map((term) => [term.id, term]));
  return (
    <>
      <Suggestion found={found.data} object={object} terms={terms} />
      <Missing projectId={projectId} found={found.data} mayRun={mayRun} />
      <div className="similar-pictures" data-testid="similar-pictures" data-count={found.data.objects.length}>
        {found.data.objects.map((one) => (
          <Picture
            key={one.annotation_id}
            one={one}
            imageId={imageId}
            projectId={projectId}
            term={one.term_id === null ? undefined : terms.get(one.term_id)}
          />
        ))}
      </div>
    </>
  );
}

interface SuggestionProps {
  found: Found;
  object: Annotation;
  terms: ReadonlyMap<number, Term>;
}

/** The class of most neighbours; a click gives it to the object. */
function Suggestion({ found, object, terms }: SuggestionProps) {
  const editor = useWorkspace((s) => s.editor);
  const [first] = found.suggestions;
  const term = first && terms.get(first.term_id);
  if (!first || !term) return null;
  const share = `${Math.round(100 * first.share)} %`;
  const isGiven = object.term_id === term.id && object.term_score === null;
  return (
    <Group gap={6} wrap="nowrap" justify="space-between">
      <Text size="xs" data-testid="similar-suggestion">
        The likest are <b>{term.name}</b> ({share})
      </Text>
      {isGiven || !editor?.isEditable(object.layer_id) ? null : (
        <Button
          size="xs"
          variant="light"
          onClick={() => editor.change({ updates: [{ object, fields: { term_id: term.id } }] })}
          data-testid="similar-accept"
        >
          Give it this class
        </Button>
      )}
    </Group>
  );
}

/** Objects that nobody looked at yet are looked at by a job. */
function Missing({ projectId, found, mayRun }: { projectId: string; found: Found; mayRun: boolean }) {
  const client = useQueryClient();
  const { data: jobs } = useQuery(jobsQuery(projectId));
  const job = jobs?.find((one) => one.kind === "index-objects" && isRunning(one));
  const start = useMutation({
    mutationFn: () => startJob(projectId, { kind: "index-objects", image_ids: null }),
    onSuccess: (made) => {
      jobTold(client, made);
    },
    onError: (error) => tell({ kind: "error", title: "Not started", message: messageFrom(error) }),
  });
  const missing = Math.max(0, found.total - found.compared);
  if (job) {
    return (
      <Progress
        value={100 * job.progress}
        animated
        aria-label="Looking at objects"
        data-testid="similar-job"
      />
    );
  }
  if (missing === 0) return null;
  return (
    <Group gap={6} wrap="nowrap" justify="space-between">
      <Text size="xs" c="var(--text-dim)" data-testid="similar-missing">
        {plural(missing, "object")} of the project {missing === 1 ? "was" : "were"} not looked at yet.
      </Text>
      {mayRun ? (
        <Button
          size="xs"
          variant="default"
          loading={start.isPending}
          onClick={() => start.mutate()}
          data-testid="similar-index"
        >
          Look at {missing === 1 ? "it" : "them"}
        </Button>
      ) : null}
    </Group>
  );
}

interface PictureProps {
  one: SimilarObject;
  projectId: string;
  imageId: string;
  term: Term | undefined;
}

function Picture({ one, projectId, imageId, term }: PictureProps) {
  const label = `Object ${one.annotation_id}${term ? `, ${term.name}` : ""}`;
  return (
    <button
      type="button"
      className="similar-picture"
      style={term ? ({ "--class-colour": term.color } as CSSProperties) : undefined}
      aria-label={label}
      title={`${label}, likeness ${one.similarity.toFixed(2)}`}
      onClick={() => {
        if (one.image_id === imageId) void workspace().editor?.selectId(one.annotation_id, "replace", true);
        else navigate(imagePath(projectId, one.image_id));
      }}
      data-testid="similar-object"
      data-id={one.annotation_id}
    >
      <img
        src={cropUrl(one.layer_id, one.annotation_id, one.version, 96)}
        alt=""
        width={58}
        height={58}
        decoding="async"
      />
    </button>
  );
}
