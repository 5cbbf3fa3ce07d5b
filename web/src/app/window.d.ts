import type OlMap from "ol/Map";

declare global {
  interface Window {
    /** For tests and the curious: the map, and when everything is drawn and saved. */
    cytoloop?: { map: OlMap; idle(): Promise<void>; beside?: OlMap };
  }
}
