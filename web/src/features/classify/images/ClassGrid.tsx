/** The images as small pictures with their classes; dashed where the class is suggested. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { thumbnailUrl } from "../../../api/images";
import type { Image, Term } from "../../../api/types";
import { PanelEmpty } from "../../../ui/parts";
import { isSuggested } from "./labels";

const AT_ONCE = 300;

interface Props {
  images: readonly Image[];
  terms: readonly Term[];
  selection: readonly string[];
  onClick(id: string, modifiers: { adds: boolean; extends: boolean }): void;
}

export function ClassGrid({ images, terms, selection, onClick }: Props) {
  const [most, setMost] = useState(AT_ONCE);
  if (images.length === 0)
    return <PanelEmpty testId="image-classes-nothing">No image is like that.</PanelEmpty>;
  return (
    <>
      <ul className="class-grid" aria-label="Images">
        {images.slice(0, most).map((image) => (
          <li key={image.id}>
            <ClassPicture
              image={image}
              term={terms.find(({ id }) => id === image.term_id)}
              isSelected={selection.includes(image.id)}
              onClick={onClick}
            />
          </li>
        ))}
      </ul>
      {images.length > most ? (
        <Button variant="default" onClick={() => setMost(most + AT_ONCE)}>
          Show more
        </Button>
      ) : null}
    </>
  );
}

interface PictureProps {
  image: Image;
  term: Term | undefined;
  isSelected: boolean;
  onClick: Props["onClick"];
}

function ClassPicture({ image, term, isSelected, onClick }: PictureProps) {
  const suggested = isSuggested(image);
  const percent = Math.round(100 * (image.term_score ?? 0));
  const told = term ? `${term.name}${suggested ? `, suggested, ${percent} % sure` : ""}` : "no class";
  return (
    <button
      type="button"
      className="class-picture"
      aria-pressed={isSelected}
      aria-label={`${image.name}: ${told}`}
      title={image.name}
      data-testid="class-image"
      data-class-image={image.id}
      data-name={image.name}
      data-term={term?.name ?? ""}
      data-suggested={suggested}
      style={{ "--class": term?.color ?? "transparent" } as React.CSSProperties}
      onClick={(event) =>
        onClick(image.id, { adds: event.ctrlKey || event.metaKey, extends: event.shiftKey })
      }
    >
      <img src={thumbnailUrl(image, 160)} alt="" loading="lazy" draggable={false} />
      <span className="class-caption">
        <span className="ellipsis">{term?.name ?? image.name}</span>
        {suggested ? <span className="tabular">{percent} %</span> : null}
      </span>
    </button>
  );
}
