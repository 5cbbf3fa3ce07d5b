/** The objects of a cell of the confusion matrix, as small pictures to click. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { checkedQuery } from "../../api/classifiers";
import { cropUrl } from "../../api/objects";
import { workspace } from "../../state/workspace";
import { imagePath, navigate } from "../../ui/router";

interface Props {
  projectId: string;
  imageId: string;
  version: number;
  truth: number;
  predicted: number;
  title: string;
}

export function CheckedObjects({ projectId, imageId, version, truth, predicted, title }: Props) {
  const { data } = useQuery(checkedQuery(projectId, version, truth, predicted));
  if (!data) return null;
  return (
    <section aria-label={title} data-testid="checked-objects" data-count={data.length}>
      <Text size="xs" mb={4}>
        {title}
        {data.length === 0 ? ": these objects are not there any more." : null}
      </Text>
      <div className="checked-pictures">
        {data.map(({ annotation_id, layer_id, version: at, image_id, score }) => (
          <button
            key={annotation_id}
            type="button"
            className="checked-picture"
            aria-label={`Object ${annotation_id}`}
            title={`Object ${annotation_id}, ${Math.round(100 * score)} % sure`}
            onClick={() => {
              if (image_id === imageId) void workspace().editor?.selectId(annotation_id, "replace", true);
              else navigate(imagePath(projectId, image_id));
            }}
            data-testid="checked-object"
          >
            <img
              src={cropUrl(layer_id, annotation_id, at, 96)}
              alt=""
              width={60}
              height={60}
              decoding="async"
            />
          </button>
        ))}
      </div>
    </section>
  );
}
