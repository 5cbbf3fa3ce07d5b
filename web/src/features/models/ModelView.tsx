/** One model: its card, its pictures, export and removal. */
import { Button, Group, Text, Title } from "@mantine/core";
import { IconDownload, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { methodsQuery } from "../../api/jobs";
import {
  exportModel,
  modelKeys,
  modelQuery,
  modelsQuery,
  pictureAddress,
  removeModel,
} from "../../api/models";
import { sessionQuery } from "../../api/session";
import type { ModelDetails } from "../../api/types";
import { bytes } from "../../ui/format";
import { Confirm, Empty } from "../../ui/parts";
import { Link, MODELS_PATH, navigate } from "../../ui/router";
import { cardBody, picturesOutside } from "./card";
import { Markdown } from "./Markdown";
import { ScoreTable } from "./ScoreTable";

export function ModelView({ name }: { name: string }) {
  const model = useQuery(modelQuery(name));
  if (model.isError) {
    return (
      <Empty title="There is no such model">
        It may have been removed. <Link href={MODELS_PATH}>All models</Link>
      </Empty>
    );
  }
  return model.data ? <Content model={model.data} /> : null;
}

function Content({ model }: { model: ModelDetails }) {
  const card = cardBody(model.card, model.title);
  const pictureOf = (source: string) =>
    model.pictures.includes(source) ? pictureAddress(model.name, source) : null;
  return (
    <article className="model-view" data-testid="model-view" data-model={model.name}>
      <Group justify="space-between" align="flex-start" mb="sm">
        <div style={{ minWidth: 0 }}>
          <Title order={1}>{model.title}</Title>
          <Text size="xs" c="var(--text-dim)">
            <span className="model-name">{model.name}</span> · {bytes(model.size_bytes)} · {model.licence}
            {model.authors.length > 0 ? ` · ${model.authors.join(", ")}` : ""}
          </Text>
        </div>
        <Actions model={model} />
      </Group>
      {card === "" ? (
        <>
          <Text size="sm">{model.description}</Text>
          <ScoreTable scores={model.scores} />
        </>
      ) : (
        <Markdown text={card} pictureOf={pictureOf} />
      )}
      {picturesOutside(card, model.pictures).map((file) => (
        <img
          className="model-picture"
          key={file}
          src={pictureAddress(model.name, file)}
          alt={file}
          loading="lazy"
        />
      ))}
    </article>
  );
}

function Actions({ model }: { model: ModelDetails }) {
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [isAsking, setAsking] = useState(false);
  const save = useMutation({ mutationFn: () => exportModel(model.name) });
  const remove = useMutation({
    mutationFn: () => removeModel(model.name),
    onSuccess: async () => {
      navigate(MODELS_PATH);
      client.removeQueries({ queryKey: modelKeys.one(model.name) });
      await client.invalidateQueries({ queryKey: modelsQuery.queryKey, exact: true });
      await client.invalidateQueries({ queryKey: methodsQuery.queryKey });
    },
    onError: () => setAsking(false),
  });
  return (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<IconDownload size={14} />}
        onClick={() => save.mutate()}
        loading={save.isPending}
        data-testid="model-export"
      >
        Export
      </Button>
      {!model.shipped && session?.user?.is_admin ? (
        <Button
          variant="default"
          leftSection={<IconTrash size={14} />}
          onClick={() => setAsking(true)}
          data-testid="model-remove"
        >
          Remove
        </Button>
      ) : null}
      <Confirm
        opened={isAsking}
        title="Remove this model?"
        action="Remove"
        isBusy={remove.isPending}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      >
        {model.title} can then no longer be chosen. What it found stays.
      </Confirm>
    </Group>
  );
}
