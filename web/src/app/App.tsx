/** Providers, the session gate and the choice of the page. */
import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { messageFrom } from "../api/http";
import { sessionQuery } from "../api/session";
import { SignInPage } from "../features/account/SignInPage";
import { notices } from "../state/notices";
import { Empty } from "../ui/parts";
import { Link, routeOf, usePath } from "../ui/router";
import { theme, variables } from "../ui/theme";
import { Boundary } from "./Boundary";
import { Header } from "./Header";
import { ProjectPage } from "./ProjectPage";
import { ProjectsPage } from "./ProjectsPage";
import { queryClient } from "./queries";
import { Splash } from "./Splash";
import { showNotice } from "./toasts";

// the picture, its geometry and the plots are most of the code, and no list needs them
const ModelsPage = lazy(() => import("./ModelsPage"));
const ViewerPage = lazy(() => import("./ViewerPage"));

export function App() {
  useEffect(() => notices.on("notice", showNotice), []);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <Notifications position="bottom-center" limit={3} containerWidth={380} />
      <QueryClientProvider client={queryClient}>
        <Boundary>
          <Gate />
        </Boundary>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Gate() {
  const session = useQuery(sessionQuery);
  if (session.isPending) return <Splash />;
  if (session.isError) {
    return <Splash message={messageFrom(session.error)} onRetry={() => void session.refetch()} />;
  }
  if (session.data.user === null) return <SignInPage />;
  return <Pages />;
}

function Pages() {
  const route = routeOf(usePath());
  switch (route.page) {
    case "projects":
      return <ProjectsPage />;
    case "project":
      return <ProjectPage key={route.projectId} projectId={route.projectId} />;
    case "viewer":
      return (
        <Suspense fallback={<Splash />}>
          <ViewerPage projectId={route.projectId} imageId={route.imageId} />
        </Suspense>
      );
    case "models":
      return (
        <Suspense fallback={<Splash />}>
          <ModelsPage name={route.name} />
        </Suspense>
      );
    case "unknown":
      return (
        <>
          <Header />
          <div className="page">
            <div className="page-inner">
              <Empty title="There is no such page">
                <Link href="/">Go to your projects</Link>
              </Empty>
            </div>
          </div>
        </>
      );
  }
}
