import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./ui/base.css";
import "./app/viewer.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { watchTouch } from "./ui/touch";

watchTouch();

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
