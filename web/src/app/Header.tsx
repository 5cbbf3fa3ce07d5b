/** The bar on top: where one is, the state of the connection, the user. */
import {
  ActionIcon,
  Group,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { IconMoon, IconSun } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { UserMenu } from "../features/account/UserMenu";
import { Link, MODELS_PATH } from "../ui/router";
import { useConnection } from "./live";

export interface Crumb {
  label: string;
  href?: string;
}

export function Header({ crumbs = [], children }: { crumbs?: Crumb[]; children?: ReactNode }) {
  return (
    <header className="header">
      <Group gap={8} wrap="nowrap" style={{ minWidth: 0 }}>
        <Link href="/" className="plain-link brand" aria-label="Cytoloop: all projects" data-testid="home">
          <img src="/favicon.svg" alt="" width={22} height={22} />
          <Text fw={650} size="sm">
            Cytoloop
          </Text>
        </Link>
        <nav aria-label="Breadcrumb" className="crumbs">
          {crumbs.map(({ label, href }) => (
            <span key={`${href ?? ""}${label}`} className="crumb">
              <span className="crumb-slash" aria-hidden>
                /
              </span>
              {href ? (
                <Link href={href} className="plain-link ellipsis crumb-link">
                  {label}
                </Link>
              ) : (
                <span className="ellipsis crumb-here">{label}</span>
              )}
            </span>
          ))}
        </nav>
      </Group>
      <Group gap={6} wrap="nowrap">
        {children}
        <Link href={MODELS_PATH} className="plain-link header-link" data-testid="models-link">
          Models
        </Link>
        <SchemeToggle />
        <UserMenu />
      </Group>
    </header>
  );
}

function SchemeToggle() {
  const scheme = useComputedColorScheme("dark");
  const { setColorScheme } = useMantineColorScheme();
  const next = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Change to ${next}`}>
      <ActionIcon
        aria-label={`Change to ${next} colours`}
        onClick={() => setColorScheme(next)}
        data-testid="scheme"
        size="md"
      >
        {scheme === "dark" ? <IconSun size={16} /> : <IconMoon size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** Says that the connection is lost, until it is back. */
export function ConnectionBanner() {
  const status = useConnection((s) => s.status);
  if (status === "live") return null;
  return (
    <div className="banner" role="status" data-testid="connection-banner">
      The connection to the server is lost. Your changes are kept and saved when it is back; do not close this
      page.
    </div>
  );
}
