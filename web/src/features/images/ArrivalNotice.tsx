/** Tells how much of an image has come from the object store, until the picture can be shown. */
import { Progress } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { arrivalQuery } from "../../api/images";
import type { Arrival, Image } from "../../api/types";
import { number } from "../../ui/format";

const MB = 1e6;

function amount({ fetched_bytes, size_bytes }: Arrival): string {
  if (size_bytes === 0) return "";
  return `${number(Math.round(fetched_bytes / MB))} of ${number(Math.max(1, Math.round(size_bytes / MB)))} MB`;
}

export function ArrivalNotice({ image }: { image: Image }) {
  const { data } = useQuery(arrivalQuery(image.id));
  useFreshHistogram(image, data?.here ?? true);
  if (!data || data.here) return null;
  const share = data.size_bytes > 0 ? (100 * data.fetched_bytes) / data.size_bytes : 0;
  return (
    <div className="arrival" role="status" data-testid="arrival">
      {data.error ? (
        <p className="arrival-error">{data.error}</p>
      ) : (
        <>
          <p>Fetching the image from the object store. It is shown as soon as it is here.</p>
          <Progress value={share} aria-label="How much of the image has come" />
          <p className="arrival-amount">{amount(data)}</p>
        </>
      )}
    </div>
  );
}

/** What could not be told while the image was on its way is asked for again. */
function useFreshHistogram(image: Image, isHere: boolean): void {
  const client = useQueryClient();
  const wasAway = useRef(false);
  useEffect(() => {
    if (!isHere) wasAway.current = true;
    else if (wasAway.current) {
      wasAway.current = false;
      void client.invalidateQueries({ queryKey: ["histogram", image.id] });
    }
  }, [client, image.id, isHere]);
}
