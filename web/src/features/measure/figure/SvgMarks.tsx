/** A drawing on the page. */
import { createElement, type ReactNode } from "react";
import type { Mark } from "./svg";

export function SvgMarks({ mark }: { mark: Mark }): ReactNode {
  return createElement(
    mark.tag,
    mark.attrs,
    ...mark.children.map((one, at) =>
      typeof one === "string" ? one : createElement(SvgMarks, { key: at, mark: one }),
    ),
  );
}
