/** The images of a cell of the confusion matrix, as small pictures that open. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { checkedImagesQuery } from "../../api/classifiers";
import { imagesQuery, thumbnailUrl } from "../../api/images";
import { imagePath, Link } from "../../ui/router";

interface Props {
  projectId: string;
  version: number;
  truth: number;
  predicted: number;
  title: string;
}

export function CheckedImages({ projectId, version, truth, predicted, title }: Props) {
  const { data } = useQuery(checkedImagesQuery(projectId, version, truth, predicted));
  const { data: images } = useQuery(imagesQuery(projectId));
  if (!data || !images) return null;
  const found = data.flatMap(({ image_id, score }) => {
    const image = images.find(({ id }) => id === image_id);
    return image ? [{ image, score }] : [];
  });
  return (
    <section aria-label={title} data-testid="checked-images" data-count={found.length}>
      <Text size="xs" mb={4}>
        {title}
      </Text>
      <div className="checked-pictures">
        {found.map(({ image, score }) => (
          <Link
            key={image.id}
            href={imagePath(projectId, image.id)}
            className="checked-picture"
            title={`${image.name}, ${Math.round(100 * score)} % sure`}
          >
            <img src={thumbnailUrl(image, 96)} alt={image.name} width={60} height={60} loading="lazy" />
          </Link>
        ))}
      </div>
    </section>
  );
}
