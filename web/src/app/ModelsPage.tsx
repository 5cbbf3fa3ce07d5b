/** The models: all, or one. */
import { ModelLibrary } from "../features/models/ModelLibrary";
import { ModelView } from "../features/models/ModelView";
import { MODELS_PATH } from "../ui/router";
import { Header } from "./Header";

export default function ModelsPage({ name }: { name: string | null }) {
  const crumbs =
    name === null ? [{ label: "Models" }] : [{ label: "Models", href: MODELS_PATH }, { label: name }];
  return (
    <>
      <Header crumbs={crumbs} />
      <main className="page">
        <div className="page-inner">
          {name === null ? <ModelLibrary /> : <ModelView key={name} name={name} />}
        </div>
      </main>
    </>
  );
}
