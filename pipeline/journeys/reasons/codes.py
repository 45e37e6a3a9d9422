"""Why a run stands or ended where it does: the codes that its row and its log keep."""

from enum import StrEnum


class Code(StrEnum):
    """A code never changes its meaning: rows of many years keep it."""

    TEXT = "run.text"  # facts: text, as a person or another system wrote it
    SEVERAL = "run.several"  # reasons
    ENDED = "run.ended"
    ERROR = "run.error"  # run, block
    LOOP = "run.loop"  # steps
    ENTERED_TOO_OFTEN = "run.entered_too_often"  # times
    UNREADABLE = "run.unreadable"  # problem
    BLOCK_GONE = "run.block_gone"
    BLOCK_UNKNOWN = "run.block_unknown"  # type

    STOPPED_BY_HAND = "stopped.by_hand"  # by
    STOPPED_ARCHIVED = "stopped.archived"  # by
    STOPPED_BY_ACTION = "stopped.by_action"  # by, action, reason
    STOPPED_BY_UNDO = "stopped.by_undo"  # by, action, title
    STOPPED_BY_JOURNEY = "stopped.by_journey"  # journey, name, version, block
    REJECTED = "stopped.rejected"
    HIRED = "stopped.hired"
    OPTED_OUT = "stopped.opted_out"

    MISCONFIGURED = "block.misconfigured"  # problem
    GONE = "block.gone"  # kind, name
    STARTS_ITSELF = "block.starts_itself"
    STOPS_ITSELF = "block.stops_itself"
    OTHERS_AT_IT = "block.others_at_it"

    WAIT_BEGUN = "wait.begun"  # what
    WAIT_OVER = "wait.over"
    WAIT_HAPPENED = "wait.happened"  # what
    WAIT_TIMED_OUT = "wait.timed_out"  # what

    CONDITION_MET = "condition.met"  # rule
    CONDITION_NOT_MET = "condition.not_met"  # rule
    CONDITION_NONE_MET = "condition.none_met"  # rule

    SPLIT = "split.way"  # way
    EXIT = "exit.left"  # reason

    TASK_CREATED = "create_task.created"  # task, what
    TASK_REFUSED = "create_task.refused"  # problem
    TASKS_CANCELED = "cancel_task.done"  # canceled, spared: {type: number}; agents

    STARTED = "start_journey.started"  # journey, name
    START_IS_IN_IT = "start_journey.is_in_it"  # journey, name
    START_NOT_AGAIN = "start_journey.not_again"  # journey, name
    START_NOT_LIVE = "start_journey.not_live"  # journey, name, state
    START_TOO_OFTEN = "start_journey.too_often"  # journey, name, times
    RUNS_STOPPED = "stop_journey.done"  # journeys: [[id, name], …], one for each run

    WEBHOOK_TOLD = "webhook.told"  # name, delivery
    WEBHOOK_OFF = "webhook.off"  # name

    UNCHANGED = "update.unchanged"
    MOVED = "update.moved"  # before, after
    NOT_MOVED = "update.not_moved"  # folder, of, opening
    NO_SUCH_FOLDER = "update.no_such_folder"  # opening, kind
    LABELS_ADDED = "update.labels_added"  # labels
    LABELS_REMOVED = "update.labels_removed"  # labels
    RECRUITER = "update.recruiter"  # before, after: a name; none for nobody
    RECRUITER_BLIND = "update.recruiter_blind"  # name, opening
    ATTRIBUTE_SET = "update.attribute_set"  # name, before, after
    ATTRIBUTE_REMOVED = "update.attribute_removed"  # name
    ATTRIBUTE_REFUSED = "update.attribute_refused"  # name, problem

    MESSAGE_SENT = "send.sent"  # channel, template, address
    MESSAGE_FAILED = "send.failed"  # channel, template, address, problem
    MESSAGE_UNCONFIRMED = "send.unconfirmed"  # channel, template, address, problem
    MESSAGE_NOT_SENT = "send.not_sent"  # problem
    MESSAGE_WAITS = "send.waits"  # problem
    MESSAGE_RETRIED = "send.retried"  # problem
    MESSAGE_GIVEN_UP = "send.given_up"  # problem, tries
