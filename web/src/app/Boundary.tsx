/** Keeps a fault in one part from leaving an empty page. */
import { Component, type ReactNode } from "react";
import { Splash } from "./Splash";

const FAULT =
  "This page could not be shown. If the server was updated meanwhile, loading the page again brings the new version.";

export class Boundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return <Splash message={FAULT} onRetry={() => window.location.reload()} />;
  }
}
