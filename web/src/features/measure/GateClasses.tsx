/** A class for all objects within a range, in every image. */
import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { messageFrom } from "../../api/http";
import { measurementKeys, nameGated } from "../../api/measurements";
import type { Gate, Layer, Term } from "../../api/types";
import { tell } from "../../state/notices";
import { workspace } from "../../state/workspace";
import { ClassItems } from "../../ui/ClassItems";
import { number } from "../../ui/format";
import { UNCLASSIFIED } from "../../viewer/styles";
import { tellGiven } from "./given";

interface Props {
  layer: Layer;
  terms: readonly Term[];
  gate: Gate;
  /** How many are within, in all images. */
  total: number;
}

export function GateClasses({ layer, terms, gate, total }: Props) {
  const client = useQueryClient();
  const give = useMutation({
    mutationFn: async (term: number | null) => {
      await workspace().editor?.idle();
      return nameGated(layer.id, gate, term);
    },
    onSuccess: (given) => {
      workspace().editor?.applied(given.history);
      void client.invalidateQueries({ queryKey: measurementKeys.all });
      tellGiven(given);
    },
    onError: (error) => tell({ kind: "error", message: messageFrom(error) }),
  });
  return (
    <Menu position="bottom-end" width={230}>
      <Menu.Target>
        <Button
          variant="default"
          size="compact-xs"
          rightSection={<IconChevronDown size={12} aria-hidden />}
          loading={give.isPending}
          disabled={!layer.editable}
          data-testid="gate-classes"
        >
          Class of all {number(total)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah="60vh" style={{ overflowY: "auto" }}>
        <Menu.Label>In all images</Menu.Label>
        <ClassItems classes={terms} plain={UNCLASSIFIED} testId="gate-class" onChoose={give.mutate} />
      </Menu.Dropdown>
    </Menu>
  );
}
