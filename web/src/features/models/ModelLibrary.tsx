/** All models: what each is for, what it scores, and import. */
import { Button, Group, Text, Title } from "@mantine/core";
import { IconFileImport } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { methodsQuery } from "../../api/jobs";
import { importModel, modelKeys, modelsQuery } from "../../api/models";
import { sessionQuery } from "../../api/session";
import type { Model } from "../../api/types";
import { tell } from "../../state/notices";
import { FilePick } from "../../ui/FilePick";
import { bytes } from "../../ui/format";
import { Empty } from "../../ui/parts";
import { Link, modelPath, navigate } from "../../ui/router";
import { ScoreTable } from "./ScoreTable";

export function ModelLibrary() {
  const models = useQuery(modelsQuery);
  const { data: session } = useQuery(sessionQuery);
  const shipped = models.data?.filter((one) => one.shipped) ?? [];
  const own = models.data?.filter((one) => !one.shipped) ?? [];
  return (
    <>
      <Group justify="space-between" mb="md" align="flex-start">
        <div>
          <Title order={1}>Models</Title>
          <Text size="sm" c="var(--text-dim)" maw={720}>
            Networks that find objects. Choose one when you segment; import others in the bioimage.io format,
            if they hold ONNX weights.
          </Text>
        </div>
        {session?.user?.is_admin ? <ImportButton /> : null}
      </Group>
      {models.data?.length === 0 ? (
        <Empty title="No models yet" data-testid="models-empty">
          Import a package (.zip) in the bioimage.io format with ONNX weights.
        </Empty>
      ) : null}
      <Section title="Shipped with the program" models={shipped} />
      <Section title="Imported and trained" models={own} />
    </>
  );
}

function Section({ title, models }: { title: string; models: readonly Model[] }) {
  if (models.length === 0) return null;
  return (
    <section>
      <Title order={2} fz="sm" mt="md" mb="xs">
        {title}
      </Title>
      <div className="model-grid">
        {models.map((model) => (
          <ModelCard key={model.name} model={model} />
        ))}
      </div>
    </section>
  );
}

function ModelCard({ model }: { model: Model }) {
  return (
    <article className="card" data-testid="model-card" data-model={model.name}>
      <div className="card-body">
        <Group justify="space-between" wrap="nowrap" gap="sm">
          <Link href={modelPath(model.name)} className="plain-link ellipsis model-title">
            {model.title}
          </Link>
          <Text size="xs" c="var(--text-dim)" className="numbers" style={{ flex: "none" }}>
            {bytes(model.size_bytes)}
          </Text>
        </Group>
        <Text size="xs" c="var(--text-dim)" ff="monospace" mb={4}>
          {model.name}
        </Text>
        <Text size="sm" lineClamp={4}>
          {model.description}
        </Text>
        <ScoreTable scores={model.scores} />
      </div>
    </article>
  );
}

function ImportButton() {
  const client = useQueryClient();
  const run = useMutation({
    mutationFn: importModel,
    onSuccess: async (model) => {
      await Promise.all([
        client.invalidateQueries({ queryKey: modelKeys.all }),
        client.invalidateQueries({ queryKey: methodsQuery.queryKey }),
      ]);
      tell({ kind: "success", message: `Imported ${model.title}.` });
      navigate(modelPath(model.name));
    },
  });
  return (
    <FilePick
      label="Model package (.zip)"
      accept=".zip,application/zip"
      testId="model-import-input"
      onFiles={(files) => files[0] && run.mutate(files[0])}
    >
      {(open) => (
        <Button
          leftSection={<IconFileImport size={14} />}
          onClick={open}
          loading={run.isPending}
          data-testid="model-import"
        >
          Import a model
        </Button>
      )}
    </FilePick>
  );
}
