/** The panels at the right, of which one is open. */
import { Button, Group, Tabs, Tooltip } from "@mantine/core";
import {
  IconAdjustments,
  IconChartHistogram,
  IconChecklist,
  IconHistory,
  IconInfoCircle,
  IconLayoutGrid,
  IconListDetails,
  IconMapPin,
  IconSchool,
  IconScribble,
  IconWand,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { layersQuery } from "../api/layers";
import { mayDraw, mayManage, mayRun } from "../api/roles";
import type { Image, RoleName } from "../api/types";
import { ClassifyPanel } from "../features/classify/ClassifyPanel";
import { CompareDialog } from "../features/compare/CompareDialog";
import { Gallery } from "../features/gallery/Gallery";
import { HistoryPanel } from "../features/history/HistoryPanel";
import { DisplayPanel } from "../features/images/DisplayPanel";
import { InfoPanel } from "../features/images/InfoPanel";
import { JobList } from "../features/jobs/JobList";
import { SegmentPanel } from "../features/jobs/SegmentPanel";
import { LandmarksPanel } from "../features/landmarks/LandmarksPanel";
import { ObjectTable } from "../features/objects/ObjectTable";
import { PixelsPanel } from "../features/pixels/PixelsPanel";
import { ReviewPanel } from "../features/review/ReviewPanel";
import { SimilarObjects } from "../features/similar/SimilarObjects";
import { TuningDialog } from "../features/tuning/TuningDialog";
import { type SideTab, setWorkspace, useWorkspace } from "../state/workspace";
import { showResult } from "./live";
import { MeasureTab } from "./MeasureTab";

const HOVER = { hover: true, focus: true, touch: false };

const ANALYSES = ["segment", "measure", "explore", "compare", "fine-tune"] as const;

const TABS: readonly [SideTab, string, ComponentType<{ size: number; stroke: number }>][] = [
  ["objects", "Objects", IconListDetails],
  ["gallery", "Gallery", IconLayoutGrid],
  ["review", "Review", IconChecklist],
  ["classify", "Classify", IconSchool],
  ["pixels", "Pixels", IconScribble],
  ["landmarks", "Landmarks", IconMapPin],
  ["measure", "Measure", IconChartHistogram],
  ["segment", "Segment", IconWand],
  ["history", "History", IconHistory],
  ["display", "Display", IconAdjustments],
  ["info", "Info", IconInfoCircle],
];

interface Props {
  projectId: string;
  image: Image;
  role: RoleName;
}

/** One row at every width: an icon each, and the name of the open one. */
export function SideTabs({ projectId, image, role }: Props) {
  const tab = useWorkspace((s) => s.tab);
  const activeLayerId = useWorkspace((s) => s.activeLayerId);
  const { data: layers } = useQuery(layersQuery(image.id));
  const layer = layers?.find(({ id }) => id === activeLayerId) ?? null;
  return (
    <Tabs
      value={tab}
      onChange={(value) => setWorkspace({ tab: (value ?? "objects") as SideTab })}
      keepMounted={false}
    >
      <Tabs.List>
        {TABS.map(([value, label, Icon]) => (
          <Tooltip key={value} label={label} disabled={value === tab} events={HOVER}>
            <Tabs.Tab value={value} aria-label={label} data-testid={`tab-${value}`}>
              <span className="side-tab">
                <Icon size={17} stroke={1.7} aria-hidden />
                {value === tab ? label : null}
              </span>
            </Tabs.Tab>
          </Tooltip>
        ))}
      </Tabs.List>
      <Tabs.Panel value="objects">
        <ObjectTable
          projectId={projectId}
          layer={layer}
          layers={layers ?? []}
          below={<SimilarObjects projectId={projectId} imageId={image.id} mayRun={mayRun(role)} />}
        />
      </Tabs.Panel>
      <Tabs.Panel value="gallery">
        <Gallery projectId={projectId} layer={layer} />
      </Tabs.Panel>
      <Tabs.Panel value="review">
        <ReviewPanel
          projectId={projectId}
          imageId={image.id}
          layers={layers ?? []}
          mayReview={mayDraw(role)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="classify">
        <ClassifyPanel
          projectId={projectId}
          image={image}
          layers={layers ?? []}
          mayLabel={mayDraw(role)}
          mayRun={mayRun(role)}
          mayManage={mayManage(role)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="pixels">
        <PixelsPanel
          projectId={projectId}
          image={image}
          layers={layers ?? []}
          mayDraw={mayDraw(role)}
          mayRun={mayRun(role)}
          mayManage={mayManage(role)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="landmarks">
        <LandmarksPanel
          projectId={projectId}
          image={image}
          layers={layers ?? []}
          mayDraw={mayDraw(role)}
          mayRun={mayRun(role)}
          mayManage={mayManage(role)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="measure">
        <MeasureTab
          projectId={projectId}
          image={image}
          layer={layer}
          layers={layers ?? []}
          mayRun={mayRun(role)}
          mayManage={mayManage(role)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="segment">
        {mayRun(role) ? (
          <>
            <SegmentPanel projectId={projectId} image={image} />
            <Group grow gap={6} mx="sm" mb="sm">
              <Button
                variant="default"
                onClick={() => setWorkspace({ comparison: "new" })}
                data-testid="compare-open"
              >
                Compare methods
              </Button>
              <Button
                variant="default"
                onClick={() => setWorkspace({ tuning: "new" })}
                data-testid="tuning-open"
              >
                Improve a model
              </Button>
            </Group>
          </>
        ) : null}
        <CompareDialog projectId={projectId} image={image} />
        <TuningDialog projectId={projectId} mayRun={mayRun(role)} mayManage={mayManage(role)} />
        <div className="section-title">Jobs</div>
        <JobList
          projectId={projectId}
          onShow={(job) => showResult(projectId, job)}
          limit={30}
          kinds={ANALYSES}
        />
      </Tabs.Panel>
      <Tabs.Panel value="history">
        <HistoryPanel imageId={image.id} mayUndo={mayDraw(role)} />
      </Tabs.Panel>
      <Tabs.Panel value="display">
        <DisplayPanel image={image} />
      </Tabs.Panel>
      <Tabs.Panel value="info">
        <InfoPanel image={image} />
      </Tabs.Panel>
    </Tabs>
  );
}
