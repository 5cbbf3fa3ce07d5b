/** Whole images in a grid: give them classes by keys, train, look at the suggestions, correct, train again. */
import { Group, Select, Stack, Text } from "@mantine/core";
import { IconArrowBackUp, IconArrowForwardUp } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { imagesQuery } from "../../../api/images";
import { ontologyQuery } from "../../../api/projects";
import { mayDraw } from "../../../api/roles";
import type { Image, Project, Term } from "../../../api/types";
import { plural } from "../../../ui/format";
import { IconButton, PanelEmpty } from "../../../ui/parts";
import { ClassGrid } from "./ClassGrid";
import { ClassSide } from "./ClassSide";
import "../classify.css";
import "./imageclasses.css";
import { clicked, countsOf, isSuggested, type Shown, shownOf } from "./labels";
import { useClassKeys } from "./useClassKeys";
import { useGiving } from "./useGiving";

export function ImageClasses({ project }: { project: Project }) {
  const { data: images } = useQuery(imagesQuery(project.id));
  const { data: ontology } = useQuery(ontologyQuery(project.id));
  if (!images || !ontology) return null;
  if (ontology.terms.length < 2) {
    return (
      <PanelEmpty testId="image-classes-empty">
        A classifier tells classes apart. Add at least 2 classes under "Classes", above, then give some images
        of each their class.
      </PanelEmpty>
    );
  }
  if (images.length === 0) {
    return (
      <PanelEmpty testId="image-classes-none">There are no images yet. Add some under "Images".</PanelEmpty>
    );
  }
  return <Labelling project={project} images={images} terms={ontology.terms} />;
}

interface Props {
  project: Project;
  images: readonly Image[];
  terms: readonly Term[];
}

function Labelling({ project, images: listed, terms }: Props) {
  const [shown, setShown] = useState<Shown>("all");
  const [selection, setSelection] = useState<string[]>([]);
  const mayLabel = mayDraw(project.role);
  const giving = useGiving(project.id, listed, mayLabel);
  const { images, give, accept } = giving;
  const found = shownOf(images, shown);
  const chosen = images.filter(({ id }) => selection.includes(id));
  useClassKeys({
    terms,
    images: found,
    selection,
    onSelect: setSelection,
    onGive: (termId) => give(chosen, termId),
    onAccept: () => accept(chosen.filter(isSuggested)),
    onUndo: giving.undo,
    onRedo: giving.redo,
  });
  const counts = countsOf(
    images,
    terms.map(({ id }) => id),
  );
  return (
    <div className="image-classes" data-testid="image-classes">
      <Stack gap="xs" style={{ minWidth: 0 }}>
        <Group justify="space-between" align="flex-end">
          <Select
            label="Show"
            data={[
              { value: "all", label: "All images" },
              { value: "open", label: "Without a class" },
              { value: "suggested", label: "Suggested, least certain first" },
              ...terms.map(({ id, name }) => ({ value: `term-${id}`, label: name })),
            ]}
            allowDeselect={false}
            value={shown}
            onChange={(value) => value && setShown(value as Shown)}
            // so that the keys of the classes work at once
            onDropdownClose={() => setTimeout(blurred)}
            data-testid="image-classes-show"
          />
          <Group gap={6} wrap="nowrap">
            <Text size="xs" c="var(--text-dim)" data-testid="image-classes-hint">
              {hintOf(selection.length, found.length, mayLabel)}
            </Text>
            <IconButton
              label="Undo"
              shortcut="Ctrl+Z"
              testId="image-classes-undo"
              disabled={!giving.canUndo}
              onClick={giving.undo}
            >
              <IconArrowBackUp size={16} aria-hidden />
            </IconButton>
            <IconButton
              label="Redo"
              shortcut="Ctrl+Shift+Z"
              testId="image-classes-redo"
              disabled={!giving.canRedo}
              onClick={giving.redo}
            >
              <IconArrowForwardUp size={16} aria-hidden />
            </IconButton>
          </Group>
        </Group>
        <ClassGrid
          images={found}
          terms={terms}
          selection={selection}
          onClick={(id, modifiers) =>
            setSelection((old) =>
              clicked(
                old,
                found.map((one) => one.id),
                id,
                modifiers,
              ),
            )
          }
        />
      </Stack>
      <ClassSide
        project={project}
        images={images}
        terms={terms}
        counts={counts}
        chosen={chosen}
        mayLabel={mayLabel}
        onGive={(termId) => give(chosen, termId)}
        onAccept={() => accept(chosen.filter(isSuggested))}
        onDecide={giving.decide}
      />
    </div>
  );
}

function blurred(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function hintOf(selected: number, found: number, mayLabel: boolean): string {
  const count = plural(found, "image");
  if (selected > 0) return `${selected} of ${count} selected`;
  return mayLabel ? `${count}. Click, Shift+click, Ctrl+click; then press the key of a class.` : count;
}
