/** What a role allows; the server decides, this only hides what it would refuse. */
import type { RoleName } from "./types";

export const mayDraw = (role: RoleName): boolean => role !== "viewer";
export const mayRun = (role: RoleName): boolean =>
  role === "owner" || role === "manager" || role === "annotator";
export const mayManage = (role: RoleName): boolean => role === "owner" || role === "manager";
export const mayAdminister = (role: RoleName): boolean => role === "owner";
