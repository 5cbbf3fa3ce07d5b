/** Choose a method, its parameters and where it runs. */
import { Button, Divider, Group, Select, Stack, Text } from "@mantine/core";
import { IconPlayerPlay, IconRectangle } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { classifiersQuery } from "../../api/classifiers";
import { jobTold, projectMethodsQuery, startJob } from "../../api/jobs";
import { modelsQuery } from "../../api/models";
import { ontologyQuery } from "../../api/projects";
import type { Image, SegmentRequest } from "../../api/types";
import { geometryOf, parseGeometry, polygonsOf } from "../../geometry/geojson";
import { rectangle } from "../../geometry/shapes";
import type { Geometry } from "../../geometry/types";
import { setWorkspace, useWorkspace, type Workspace } from "../../state/workspace";
import { PanelEmpty } from "../../ui/parts";
import { Link, modelPath } from "../../ui/router";
import { groupsOf } from "./groups";
import { SchemaForm } from "./SchemaForm";
import { initialOptions, isSlide, SlideChoice, type SlideOptions } from "./SlideChoice";
import { fieldsOf, initialValues, parametersOf, problemWith, type Values } from "./schema";

type Target = "image" | "view" | "region" | "selection" | "project";

const TARGETS: readonly { value: Target; label: string }[] = [
  { value: "image", label: "This whole image" },
  { value: "view", label: "What is in view" },
  { value: "region", label: "A rectangle that I draw" },
  { value: "selection", label: "The selected object" },
  { value: "project", label: "All images of the project" },
];

interface Props {
  projectId: string;
  image: Image;
}

export function SegmentPanel({ projectId, image }: Props) {
  const methods = useQuery(projectMethodsQuery(projectId));
  const { data: models } = useQuery(modelsQuery);
  const chosen = useWorkspace((s) => s.method);
  const [changed, setChanged] = useState<Record<string, Values>>({});
  const [target, setTarget] = useState<Target>("image");
  const [planes, setPlanes] = useState<"this" | "all">("this");
  const [results, setResults] = useState<string | null>(null);
  const [slides, setSlides] = useState<Record<string, SlideOptions>>({});
  const slide = slides[image.id] ?? initialOptions(image);
  const region = useWorkspace((s) => s.region);
  const selection = useWorkspace((s) => s.selection);
  const method = methods.data?.find(({ name }) => name === chosen) ?? methods.data?.[0];
  const fields = useMemo(() => fieldsOf(method?.parameters ?? {}), [method]);
  const values = { ...initialValues(fields), ...(method ? changed[method.name] : {}) };
  const run = useRun(projectId);
  if (methods.data?.length === 0)
    return <PanelEmpty>No segmentation method is installed on this server.</PanelEmpty>;
  if (!method) return null;
  const missing = missingTarget(target, region, selection);
  const isValid = fields.every((field) => problemWith(field, values[field.name]) === null);
  const start = () => {
    const request = requestOf(target, image, planes, useWorkspace.getState());
    run.mutate({
      ...request,
      method: method.name,
      parameters: parametersOf(fields, values),
      ...slide,
      ...classOf(results),
    });
  };
  return (
    <Stack gap="sm" className="panel" data-testid="segment-panel">
      <Select
        label="Method"
        description={method.description}
        data={groupsOf(methods.data ?? [])}
        value={method.name}
        onChange={(name) => setWorkspace({ method: name })}
        allowDeselect={false}
        // the list itself scrolls: a scroll area around it would have to be reached by the keyboard too
        withScrollArea={false}
        styles={{ options: { maxHeight: 320, overflowY: "auto" } }}
        data-testid="segment-method"
      />
      {models?.some(({ name }) => name === method.name) ? (
        <Link href={modelPath(method.name)} className="about-model" data-testid="segment-about">
          Scores and model card
        </Link>
      ) : null}
      <SchemaForm
        fields={fields}
        values={values}
        onChange={(name, value) =>
          setChanged((old) => ({ ...old, [method.name]: { ...old[method.name], [name]: value } }))
        }
      />
      <Divider />
      <TargetChoice target={target} missing={missing} onChange={setTarget} />
      {image.size_z > 1 || image.size_t > 1 ? (
        <Select
          label="Planes"
          data={[
            { value: "this", label: "This plane" },
            { value: "all", label: "All planes" },
          ]}
          value={planes}
          onChange={(value) => setPlanes(value === "all" ? "all" : "this")}
          allowDeselect={false}
          data-testid="segment-planes"
        />
      ) : null}
      {isSlide(image) ? (
        <SlideChoice
          image={image}
          options={slide}
          onChange={(options) => setSlides((old) => ({ ...old, [image.id]: options }))}
        />
      ) : null}
      <ClassChoice projectId={projectId} value={results} onChange={setResults} />
      <Button
        className="sticky-action"
        size="sm"
        leftSection={<IconPlayerPlay size={15} />}
        onClick={start}
        loading={run.isPending}
        disabled={!isValid || missing !== null}
        data-testid="segment-run"
      >
        Run
      </Button>
    </Stack>
  );
}

function useRun(projectId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: SegmentRequest) => startJob(projectId, request),
    onSuccess: (job) => {
      jobTold(client, job);
    },
  });
}

function missingTarget(
  target: Target,
  region: Geometry | null,
  selection: Workspace["selection"],
): string | null {
  if (target === "region" && !region) return "Draw the rectangle first.";
  if (target !== "selection") return null;
  const geometry = selection.length === 1 ? parseGeometry(selection[0]?.geometry) : null;
  return geometry && polygonsOf(geometry).length > 0 ? null : "Select one area in the picture first.";
}

function requestOf(target: Target, image: Image, planes: "this" | "all", state: Workspace) {
  const isAll = planes === "all";
  const plane = { z: isAll ? null : state.plane.z, t: isAll ? null : state.plane.t };
  const region = regionOf(target, state);
  return {
    kind: "segment" as const,
    image_ids: target === "project" ? null : [image.id],
    region: region ? { ...region } : null,
    ...(target === "project" && !isAll ? { z: 0, t: 0 } : plane),
  };
}

function regionOf(target: Target, { viewer, region, selection }: Workspace): Geometry | null {
  if (target === "region") return region;
  if (target === "selection") return parseGeometry(selection[0]?.geometry);
  return target === "view" && viewer ? geometryOf([[rectangle(viewer.camera.visibleBox)]]) : null;
}

interface TargetProps {
  target: Target;
  missing: string | null;
  onChange(target: Target): void;
}

function TargetChoice({ target, missing, onChange }: TargetProps) {
  const tool = useWorkspace((s) => s.tool);
  return (
    <div>
      <Select
        label="Where"
        data={[...TARGETS]}
        value={target}
        onChange={(value) => {
          onChange((value ?? "image") as Target);
          if (value === "region") setWorkspace({ tool: "region" });
        }}
        allowDeselect={false}
        data-testid="segment-target"
      />
      {target === "region" ? (
        <Group mt={6} gap="xs" wrap="nowrap">
          <Button
            variant={tool === "region" ? "filled" : "default"}
            leftSection={<IconRectangle size={14} />}
            onClick={() => setWorkspace({ tool: "region" })}
            data-testid="segment-draw-region"
          >
            Draw rectangle
          </Button>
        </Group>
      ) : null}
      {missing ? (
        <Text size="xs" c="var(--text-dim)" mt={4}>
          {missing}
        </Text>
      ) : null}
    </div>
  );
}

interface ClassProps {
  projectId: string;
  value: string | null;
  onChange(value: string | null): void;
}

const BY_CLASSIFIER = "classifier ";

/** What of the request says of which class the found objects are. */
const classOf = (chosen: string | null): Pick<SegmentRequest, "term_id" | "classifier"> =>
  chosen?.startsWith(BY_CLASSIFIER)
    ? { classifier: Number(chosen.slice(BY_CLASSIFIER.length)) }
    : { term_id: chosen === null ? null : Number(chosen) };

function ClassChoice({ projectId, value, onChange }: ClassProps) {
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const { data: classifiers = [] } = useQuery(classifiersQuery(projectId));
  const terms = (ontology?.terms ?? []).map(({ id, name }) => ({ value: String(id), label: name }));
  const told = classifiers.map((one) => ({
    value: `${BY_CLASSIFIER}${one.version}`,
    label: `Classifier ${one.version}: ${one.classes.map(({ name }) => name).join(", ")}`,
  }));
  return (
    <Select
      label="Class of the results"
      placeholder="Unclassified"
      clearable
      data={
        told.length > 0
          ? [
              { group: "All of one class", items: terms },
              { group: "Told apart by", items: told },
            ]
          : terms
      }
      value={value}
      onChange={onChange}
      data-testid="segment-class"
    />
  );
}
