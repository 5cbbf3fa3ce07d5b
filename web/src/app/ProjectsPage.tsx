import { ProjectGrid } from "../features/projects/ProjectGrid";
import { Header } from "./Header";

export function ProjectsPage() {
  return (
    <>
      <Header />
      <main className="page">
        <div className="page-inner">
          <ProjectGrid />
        </div>
      </main>
    </>
  );
}
