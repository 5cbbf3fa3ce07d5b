/** Jobs of a project with their progress and log. */
import { Badge, Group, Progress, Text } from "@mantine/core";
import {
  IconChevronDown,
  IconChevronRight,
  IconDownload,
  IconEye,
  IconRefresh,
  IconX,
} from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { isRunning } from "../../api/events";
import { downloadFileOf } from "../../api/exchange";
import { cancelJob, jobsQuery, jobTold, logQuery, retryJob } from "../../api/jobs";
import type { Job } from "../../api/types";
import { duration, number } from "../../ui/format";
import { IconButton, PanelEmpty } from "../../ui/parts";
import { type Fold, folded } from "./folding";

const STATES: Record<Job["state"], { label: string; color: string }> = {
  queued: { label: "waiting", color: "gray" },
  running: { label: "running", color: "blue" },
  done: { label: "done", color: "cyto" },
  failed: { label: "failed", color: "red" },
  cancelled: { label: "cancelled", color: "gray" },
};

interface Props {
  projectId: string;
  onShow(job: Job): void;
  /** The newest of these kinds only. */
  limit?: number;
  kinds?: readonly Job["kind"][];
}

export function JobList({ projectId, onShow, limit, kinds }: Props) {
  const jobs = useQuery({
    ...jobsQuery(projectId),
    // the stream tells at once; this is for the case that it is down
    refetchInterval: (query) => (query.state.data?.some(isRunning) ? 4000 : false),
  });
  const shown = jobs.data?.filter(({ kind }) => kinds?.includes(kind) ?? true).slice(0, limit);
  if (shown?.length === 0) {
    return (
      <PanelEmpty testId="jobs-empty">
        No jobs yet. Segmentation, measurement, imports and exports appear here.
      </PanelEmpty>
    );
  }
  return (
    <div data-testid="jobs">
      {folded(shown ?? []).map((row) =>
        "imports" in row ? (
          <ImportsRow key={row.key} imports={row.imports} onShow={onShow} />
        ) : (
          <JobRow key={row.id} job={row} onShow={() => onShow(row)} />
        ),
      )}
    </div>
  );
}

function ImportsRow({ imports, onShow }: { imports: Fold["imports"]; onShow: Props["onShow"] }) {
  const [isOpen, setOpen] = useState(false);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <div data-testid="jobs-imports" data-count={imports.length}>
      <div className="list-row">
        <button type="button" className="row-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Chevron size={13} aria-hidden />
          <Text size="xs" className="ellipsis" flex={1}>
            {number(imports.length)} imports
          </Text>
        </button>
        <Badge color={STATES.done.color}>{STATES.done.label}</Badge>
      </div>
      {isOpen ? (
        <div style={{ paddingLeft: 16 }}>
          {imports.map((job) => (
            <JobRow key={job.id} job={job} onShow={() => onShow(job)} />
          ))}
        </div>
      ) : null}
    </div>
  );
}

function useJobAction(action: (jobId: string) => Promise<Job>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: action,
    onSuccess: (job) => {
      jobTold(client, job);
    },
  });
}

function JobRow({ job, onShow }: { job: Job; onShow(): void }) {
  const [isOpen, setOpen] = useState(false);
  const cancel = useJobAction(cancelJob);
  const retry = useJobAction(retryJob);
  const save = useMutation({ mutationFn: downloadFileOf });
  const { label, color } = STATES[job.state];
  const runs = isRunning(job);
  const Chevron = isOpen ? IconChevronDown : IconChevronRight;
  return (
    <div data-testid="job-row" data-job-id={job.id} data-state={job.state} data-kind={job.kind}>
      <div className="list-row">
        <button type="button" className="row-button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Chevron size={13} aria-hidden />
          <Text size="xs" className="ellipsis" flex={1} title={job.title}>
            {job.title}
          </Text>
        </button>
        <Badge color={color} data-testid="job-state">
          {label}
        </Badge>
        {runs ? (
          <IconButton label="Cancel this job" testId="job-cancel" onClick={() => cancel.mutate(job.id)}>
            <IconX size={14} />
          </IconButton>
        ) : null}
        {job.state === "failed" || job.state === "cancelled" ? (
          <IconButton label="Try again" testId="job-retry" onClick={() => retry.mutate(job.id)}>
            <IconRefresh size={14} />
          </IconButton>
        ) : null}
        {job.file ? (
          <IconButton
            label={`Download ${job.file.name}`}
            testId="job-download"
            onClick={() => save.mutate(job)}
          >
            <IconDownload size={14} />
          </IconButton>
        ) : null}
        {job.state === "done" &&
        (job.kind === "compare" ||
          job.kind === "fine-tune" ||
          job.layer_ids.length > 0 ||
          job.image_ids.length > 0) ? (
          <IconButton label="Show the result" testId="job-show" onClick={onShow}>
            <IconEye size={14} />
          </IconButton>
        ) : null}
      </div>
      <div style={{ padding: "0 10px 6px 31px" }}>
        {runs ? (
          <Progress value={job.progress * 100} size="sm" animated aria-label={`${job.title}: progress`} />
        ) : null}
        <Group justify="space-between" gap={6} wrap="nowrap">
          <Text
            size="xs"
            c={job.error ? "red" : "var(--text-dim)"}
            className="ellipsis"
            title={job.error ?? job.message}
          >
            {job.error ?? job.message}
          </Text>
          <Text size="xs" c="var(--text-dim)" className="numbers" style={{ whiteSpace: "nowrap" }}>
            {runs && job.tasks_total > 1 ? `${job.tasks_done} of ${job.tasks_total} · ` : ""}
            {duration(job.started_at, job.finished_at)}
          </Text>
        </Group>
        {isOpen ? <JobLog job={job} /> : null}
      </div>
    </div>
  );
}

function JobLog({ job }: { job: Job }) {
  const log = useQuery({ ...logQuery(job.id), refetchInterval: isRunning(job) ? 5000 : false });
  const end = useRef<HTMLDivElement>(null);
  const count = log.data?.length ?? 0;
  useEffect(() => {
    if (count > 0) end.current?.scrollIntoView({ block: "nearest" });
  }, [count]);
  return (
    <div className="log" data-testid="job-log" role="log" aria-label={`Log of ${job.title}`}>
      {job.error ? <div data-level="error">{job.error}</div> : null}
      {count === 0 ? "No lines yet." : null}
      {log.data?.map((line) => (
        <div key={line.id} data-level={line.level}>
          {new Date(line.at).toLocaleTimeString()} {line.text}
        </div>
      ))}
      <div ref={end} />
    </div>
  );
}
