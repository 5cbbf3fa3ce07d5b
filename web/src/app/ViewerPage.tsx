/** The workbench: layers and classes, the picture, and what is known about its objects. */
import "ol/ol.css";
import "uplot/dist/uPlot.min.css";
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconHelp, IconKeyboard } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { imageQuery, imagesQuery } from "../api/images";
import { ontologyQuery, projectQuery } from "../api/projects";
import { mayDraw, mayManage } from "../api/roles";
import type { Image, RoleName } from "../api/types";
import { ClassList } from "../features/annotate/ClassList";
import { CrowdReadout } from "../features/annotate/CrowdReadout";
import { LayerList } from "../features/annotate/LayerList";
import { StatusBar } from "../features/annotate/StatusBar";
import { TypeSwitch } from "../features/annotate/TypeSwitch";
import { ClassSearch, CommandPalette } from "../features/commands/Palettes";
import { ShortcutsDialog } from "../features/commands/ShortcutsDialog";
import { Readout } from "../features/images/StageOverlays";
import { OntologyDialog } from "../features/projects/OntologyDialog";
import { startTour, Tour } from "../features/tour/Tour";
import type { Opens } from "../state/commands";
import { usePanels } from "../state/panels";
import { Empty } from "../ui/parts";
import { imagePath, Link, navigate, projectPath } from "../ui/router";
import { ConnectionBanner, Header } from "./Header";
import { useLive } from "./live";
import { SideEdge, SideToggle, usePanelWidths } from "./SidePanels";
import { SideTabs } from "./SideTabs";
import { Splash } from "./Splash";
import { Stage } from "./Stage";
import { useKeys } from "./useKeys";

export default function ViewerPage({ projectId, imageId }: { projectId: string; imageId: string }) {
  useLive(projectId);
  const project = useQuery(projectQuery(projectId));
  const image = useQuery(imageQuery(imageId));
  const crumbs = [
    { label: project.data?.name ?? "Project", href: projectPath(projectId) },
    { label: image.data?.name ?? "" },
  ];
  const isReady = image.data?.state === "ready";
  return (
    <>
      <Header crumbs={crumbs} />
      <ConnectionBanner />
      {image.isPending ? <Splash /> : null}
      {image.isError || (image.data && !isReady) ? (
        <main className="page">
          <div className="page-inner">
            <Empty
              title={
                image.data?.state === "importing"
                  ? "This image is still being imported"
                  : "This image cannot be shown"
              }
            >
              {image.data?.error ?? ""} <Link href={projectPath(projectId)}>Back to the project</Link>
            </Empty>
          </div>
        </main>
      ) : null}
      {image.data && isReady ? (
        <Workbench
          key={imageId}
          projectId={projectId}
          image={image.data}
          role={project.data?.role ?? "viewer"}
        />
      ) : null}
    </>
  );
}

interface WorkbenchProps {
  projectId: string;
  image: Image;
  role: RoleName;
}

function Workbench({ projectId, image, role }: WorkbenchProps) {
  const [dialog, setDialog] = useState<Opens | "classes" | null>(null);
  const { left, right } = usePanels();
  const images = useQuery(imagesQuery(projectId));
  const goToImage = (step: -1 | 1) => {
    const ready = images.data?.filter(({ state }) => state === "ready") ?? [];
    const next = ready[ready.findIndex(({ id }) => id === image.id) + step];
    if (next) navigate(imagePath(projectId, next.id));
  };
  const { data: ontology } = useQuery(ontologyQuery(projectId));
  const world = {
    image,
    terms: ontology?.terms ?? [],
    mayDraw: mayDraw(role),
    open: setDialog,
    goToImage,
  };
  useKeys(world);
  const close = () => setDialog(null);
  return (
    <main className="workbench" style={usePanelWidths()}>
      <aside className="side side-left" aria-label="Layers and classes" hidden={!left}>
        <div className="side-scroll">
          <LayerList imageId={image.id} />
          {mayDraw(role) ? <TypeSwitch /> : null}
          <ClassList
            projectId={projectId}
            imageId={image.id}
            onEdit={mayManage(role) ? () => setDialog("classes") : null}
          />
        </div>
      </aside>
      <Stage projectId={projectId} image={image} mayDraw={mayDraw(role)} />
      <aside className="side side-right" aria-label="Objects and analysis" hidden={!right}>
        <SideTabs projectId={projectId} image={image} role={role} />
      </aside>
      <SideToggle side="left" />
      <SideToggle side="right" />
      <SideEdge />
      <StatusBar>
        <CrowdReadout terms={ontology?.terms ?? []} />
        <Readout image={image} />
        <Tooltip label="A short tour">
          <ActionIcon aria-label="A short tour" onClick={startTour} data-testid="open-tour">
            <IconHelp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Keyboard shortcuts (?)">
          <ActionIcon
            aria-label="Keyboard shortcuts"
            onClick={() => setDialog("shortcuts")}
            data-testid="open-shortcuts"
          >
            <IconKeyboard size={16} />
          </ActionIcon>
        </Tooltip>
      </StatusBar>
      <Tour />
      <ShortcutsDialog opened={dialog === "shortcuts"} onClose={close} />
      <CommandPalette opened={dialog === "palette"} onClose={close} world={world} />
      <ClassSearch opened={dialog === "class-search"} onClose={close} projectId={projectId} />
      {dialog === "classes" ? <OntologyDialog projectId={projectId} onClose={close} /> : null}
    </main>
  );
}
