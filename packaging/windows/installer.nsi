; Scribe Desktop's set-up: for one user without administrator rights, or for the whole computer.
;
;   ScribeDesktop-VERSION-setup.exe /S /CurrentUser     silent, no rights needed
;   ScribeDesktop-VERSION-setup.exe /S /AllUsers        silent, for everyone
;   uninstall.exe /S                                    silent; recordings are kept
;   uninstall.exe /S /DeleteData                        silent; those of this user are deleted
;
; Defined by the build: VERSION, FOLDER (what PyInstaller made), OUT, ICON, COMPRESSION.

Unicode true
Target amd64-unicode
!define NAME "Scribe Desktop"
!define PROGRAM "Scribe Desktop.exe"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\ScribeDesktop"

Name "${NAME}"
OutFile "${OUT}"
SetCompressor ${COMPRESSION}
SetCompressorDictSize 32
ManifestDPIAware true
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} set-up"
VIAddVersionKey "LegalCopyright" "MIT licence"

!define MULTIUSER_EXECUTIONLEVEL Highest
!define MULTIUSER_MUI
!define MULTIUSER_INSTALLMODE_COMMANDLINE
!define MULTIUSER_INSTALLMODE_DEFAULT_CURRENTUSER
!define MULTIUSER_INSTALLMODE_INSTDIR "${NAME}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_KEY "${KEY}"
!define MULTIUSER_INSTALLMODE_INSTDIR_REGISTRY_VALUENAME "InstallLocation"
!define MULTIUSER_USE_PROGRAMFILES64
!include MultiUser.nsh
!include MUI2.nsh
!include FileFunc.nsh

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!insertmacro MUI_PAGE_LICENSE "${FOLDER}\_internal\licences\THIRD-PARTY.md"
!insertmacro MULTIUSER_PAGE_INSTALLMODE
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Files of a running program cannot be replaced: half an update would be worse than none.
!macro WAIT_UNTIL_CLOSED
  again:
  ClearErrors
  IfFileExists "$INSTDIR\${PROGRAM}" 0 closed
  FileOpen $0 "$INSTDIR\${PROGRAM}" a
  IfErrors running
  FileClose $0
  FileOpen $0 "$INSTDIR\scribe-desktop.exe" a
  IfErrors running
  FileClose $0
  Goto closed
  running:
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION \
    "${NAME} is open. Close it (your dictations stay), then try again." /SD IDCANCEL IDRETRY again
  SetErrorLevel 5
  Quit
  closed:
  ClearErrors
!macroend

Function .onInit
  !insertmacro MULTIUSER_INIT
FunctionEnd

Function un.onInit
  !insertmacro MULTIUSER_UNINIT
FunctionEnd

Section "Program"
  !insertmacro WAIT_UNTIL_CLOSED
  ; An update replaces the parts of the last version, so that none of them lingers.
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${FOLDER}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${PROGRAM}"

  WriteRegStr SHCTX "${KEY}" "DisplayName" "${NAME}"
  WriteRegStr SHCTX "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr SHCTX "${KEY}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr SHCTX "${KEY}" "Publisher" "Scribe Desktop contributors"
  WriteRegStr SHCTX "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr SHCTX "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode'
  WriteRegStr SHCTX "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /$MultiUser.InstallMode /S'
  WriteRegDWORD SHCTX "${KEY}" "NoModify" 1
  WriteRegDWORD SHCTX "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD SHCTX "${KEY}" "EstimatedSize" "$0"

  ; Links bring the window to the front; audio files can be opened with us, but stay with their own program.
  WriteRegStr SHCTX "Software\Classes\scribe-desktop" "" "URL:${NAME}"
  WriteRegStr SHCTX "Software\Classes\scribe-desktop" "URL Protocol" ""
  WriteRegStr SHCTX "Software\Classes\scribe-desktop\shell\open\command" "" '"$INSTDIR\${PROGRAM}" open "%1"'
  WriteRegStr SHCTX "Software\Classes\ScribeDesktop.Audio" "" "Recording for ${NAME}"
  WriteRegStr SHCTX "Software\Classes\ScribeDesktop.Audio\shell\open\command" "" '"$INSTDIR\${PROGRAM}" open "%1"'
  !macro OPEN_WITH SUFFIX
    WriteRegStr SHCTX "Software\Classes\.${SUFFIX}\OpenWithProgids" "ScribeDesktop.Audio" ""
  !macroend
  !insertmacro OPEN_WITH wav
  !insertmacro OPEN_WITH flac
  !insertmacro OPEN_WITH mp3
  !insertmacro OPEN_WITH m4a
  !insertmacro OPEN_WITH ogg
  !insertmacro OPEN_WITH webm
SectionEnd

Section "Uninstall"
  !insertmacro WAIT_UNTIL_CLOSED
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\scribe-desktop.exe"
  Delete "$INSTDIR\${PROGRAM}"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  DeleteRegKey SHCTX "${KEY}"
  DeleteRegKey SHCTX "Software\Classes\scribe-desktop"
  DeleteRegKey SHCTX "Software\Classes\ScribeDesktop.Audio"
  !macro CLOSE_WITH SUFFIX
    DeleteRegValue SHCTX "Software\Classes\.${SUFFIX}\OpenWithProgids" "ScribeDesktop.Audio"
  !macroend
  !insertmacro CLOSE_WITH wav
  !insertmacro CLOSE_WITH flac
  !insertmacro CLOSE_WITH mp3
  !insertmacro CLOSE_WITH m4a
  !insertmacro CLOSE_WITH ogg
  !insertmacro CLOSE_WITH webm

  ; What belongs to one user is theirs also where the program was installed for everyone.
  SetShellVarContext current
  DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "scribe-desktop"
  ; Recordings are never deleted by accident: the answer of a silent run is No, and so is Enter.
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/DeleteData" $1
  IfErrors 0 delete
  MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 \
    "Delete your recordings, transcripts and notes on this computer too? Unsent dictations would be lost for good." \
    /SD IDNO IDNO keep
  delete:
  RMDir /r "$LOCALAPPDATA\scribe-desktop"
  keep:
SectionEnd
