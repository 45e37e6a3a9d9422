# Moved down; until all name the new place.
from pipeline.workspaces.csv_export import FORMULA_SIGNS as FORMULA_SIGNS
from pipeline.workspaces.csv_export import CsvResponse as CsvResponse
from pipeline.workspaces.csv_export import csv_lines as csv_lines
from pipeline.workspaces.csv_export import formula_safe as formula_safe
