/** A project: its images, its jobs, its classes and members. */
import { Button, Group, Tabs, Text, Title } from "@mantine/core";
import {
  IconArrowsExchange,
  IconCategory,
  IconPhoto,
  IconStack2,
  IconTags,
  IconUsers,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { isRunning } from "../api/events";
import { jobsQuery } from "../api/jobs";
import { projectQuery } from "../api/projects";
import { mayAdminister, mayDraw, mayManage } from "../api/roles";
import { sessionQuery } from "../api/session";
import type { Project } from "../api/types";
import { ImageClasses } from "../features/classify/images/ImageClasses";
import { openTab, useProjectTab } from "../features/classify/images/tab";
import { ExchangeDialog } from "../features/exchange/ExchangeDialog";
import { ImageGrid } from "../features/images/ImageGrid";
import { JobList } from "../features/jobs/JobList";
import { MembersDialog } from "../features/projects/MembersDialog";
import { OntologyDialog } from "../features/projects/OntologyDialog";
import { Empty } from "../ui/parts";
import { Link } from "../ui/router";
import { ConnectionBanner, Header } from "./Header";
import { showResult, useLive } from "./live";

export function ProjectPage({ projectId }: { projectId: string }) {
  useLive(projectId);
  // an image is opened next
  useEffect(() => void import("./ViewerPage").catch(() => undefined), []);
  const project = useQuery(projectQuery(projectId));
  return (
    <>
      <Header crumbs={[{ label: project.data?.name ?? "" }]} />
      <ConnectionBanner />
      <main className="page">
        <div className="page-inner">
          {project.isError ? (
            <Empty title="This project cannot be opened">
              It may have been deleted, or you are not a member. <Link href="/">All projects</Link>
            </Empty>
          ) : null}
          {project.data ? <Content project={project.data} /> : null}
        </div>
      </main>
    </>
  );
}

function Content({ project }: { project: Project }) {
  const [dialog, setDialog] = useState<"classes" | "members" | "exchange" | null>(null);
  const { data: session } = useQuery(sessionQuery);
  const { data: jobs } = useQuery(jobsQuery(project.id));
  const tab = useProjectTab(project.id);
  const running = jobs?.filter(isRunning).length ?? 0;
  const isManager = mayManage(project.role);
  return (
    <>
      <Group justify="space-between" mb="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Title order={1} className="ellipsis">
            {project.name}
          </Title>
          {project.description ? (
            <Text size="sm" c="var(--text-dim)" maw={760} style={{ whiteSpace: "pre-line" }} lineClamp={4}>
              {project.description}
            </Text>
          ) : null}
        </div>
        <Group gap="xs" wrap="nowrap">
          <Button
            variant="default"
            leftSection={<IconArrowsExchange size={14} />}
            onClick={() => setDialog("exchange")}
            data-testid="open-exchange"
          >
            Export and import
          </Button>
          {isManager ? (
            <Button
              variant="default"
              leftSection={<IconCategory size={14} />}
              onClick={() => setDialog("classes")}
              data-testid="edit-classes"
            >
              Classes
            </Button>
          ) : null}
          {session?.mode === "accounts" ? (
            <Button
              variant="default"
              leftSection={<IconUsers size={14} />}
              onClick={() => setDialog("members")}
              data-testid="edit-members"
            >
              Members
            </Button>
          ) : null}
        </Group>
      </Group>
      <Tabs value={tab} onChange={(chosen) => openTab(project.id, chosen ?? "images")} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="images" leftSection={<IconPhoto size={14} />}>
            Images
          </Tabs.Tab>
          <Tabs.Tab value="classes" leftSection={<IconTags size={14} />} data-testid="tab-image-classes">
            Classes of images
          </Tabs.Tab>
          <Tabs.Tab value="jobs" leftSection={<IconStack2 size={14} />} data-testid="tab-jobs">
            {running > 0 ? `Jobs (${running} running)` : "Jobs"}
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="images">
          <ImageGrid projectId={project.id} mayAdd={isManager} />
        </Tabs.Panel>
        <Tabs.Panel value="classes">
          <ImageClasses project={project} />
        </Tabs.Panel>
        <Tabs.Panel value="jobs">
          <JobList projectId={project.id} onShow={(job) => showResult(project.id, job)} />
        </Tabs.Panel>
      </Tabs>
      {dialog === "classes" ? (
        <OntologyDialog projectId={project.id} onClose={() => setDialog(null)} />
      ) : null}
      {dialog === "exchange" ? (
        <ExchangeDialog project={project} mayImport={mayDraw(project.role)} onClose={() => setDialog(null)} />
      ) : null}
      {dialog === "members" ? (
        <MembersDialog
          projectId={project.id}
          mayChange={mayAdminister(project.role)}
          onClose={() => setDialog(null)}
        />
      ) : null}
    </>
  );
}
